// Keeps the writer of a database busy until release(), so that what is committed meanwhile becomes
// one group. Used by one thread.
#pragma once
#include <future>
#include <memory>
#include <utility>

#include "store/database.hpp"

namespace son1k::test {

class writer_gate {
 public:
  explicit writer_gate(store::database& db) {
    auto entered = std::make_shared<std::promise<void>>();
    auto waits = entered->get_future();
    std::shared_future<void> opened = opened_.get_future();
    db.commit(store::transaction(store::durability::process), [entered, opened](result<void>) {
      entered->set_value();
      opened.wait();
    });
    waits.wait();
  }
  ~writer_gate() { release(); }
  writer_gate(const writer_gate&) = delete;
  writer_gate& operator=(const writer_gate&) = delete;

  void release() {
    if (!std::exchange(released_, true)) opened_.set_value();
  }

 private:
  std::promise<void> opened_;
  bool released_ = false;
};

}  // namespace son1k::test
