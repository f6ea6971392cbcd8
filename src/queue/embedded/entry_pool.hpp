// Job entries in blocks that never move, named by a number of four bytes; freed ones are reused.
// Not thread-safe: guarded by the lock of the embedded core.
#pragma once
#include <memory>
#include <vector>

#include "queue/embedded/job_entry.hpp"

namespace son1k::queue::embedded {

class entry_pool {
 public:
  job_entry& operator[](entry_index i) { return blocks_[i / block_size][i % block_size]; }
  const job_entry& operator[](entry_index i) const {
    return blocks_[i / block_size][i % block_size];
  }
  bool contains(std::uint64_t i) const { return i < used_; }
  // Every entry so far has a number below it; those given back hold no row.
  std::size_t used() const { return used_; }

  entry_index take() {
    if (first_free_ != no_entry) {
      const auto i = first_free_;
      first_free_ = (*this)[i].next;
      (*this)[i].next = no_entry;
      return i;
    }
    if (used_ == blocks_.size() * block_size)
      blocks_.push_back(std::make_unique<job_entry[]>(block_size));
    return static_cast<entry_index>(used_++);
  }
  void give_back(entry_index i) {
    (*this)[i] = job_entry{};
    (*this)[i].next = first_free_;
    first_free_ = i;
  }

 private:
  static constexpr std::size_t block_size = 1024;
  std::vector<std::unique_ptr<job_entry[]>> blocks_;
  std::size_t used_ = 0;
  entry_index first_free_ = no_entry;
};

// A list through the entries' own links.
class entry_list {
 public:
  bool empty() const { return head_ == no_entry; }
  std::size_t size() const { return size_; }
  entry_index front() const { return head_; }
  entry_index back() const { return tail_; }

  void push_back(entry_pool& pool, entry_index i) { insert_before(pool, no_entry, i); }
  void remove(entry_pool& pool, entry_index i) {
    auto& e = pool[i];
    (e.prev == no_entry ? head_ : pool[e.prev].next) = e.next;
    (e.next == no_entry ? tail_ : pool[e.next].prev) = e.prev;
    e.next = e.prev = no_entry;
    --size_;
  }

 private:
  void insert_before(entry_pool& pool, entry_index at, entry_index i) {
    auto& e = pool[i];
    e.next = at;
    e.prev = at == no_entry ? tail_ : pool[at].prev;
    (e.prev == no_entry ? head_ : pool[e.prev].next) = i;
    (at == no_entry ? tail_ : pool[at].prev) = i;
    ++size_;
  }

  entry_index head_ = no_entry;
  entry_index tail_ = no_entry;
  std::size_t size_ = 0;
};

// Delayed jobs by (due, seq), due in steady ms, so that a step of the wall clock moves nothing: a
// binary heap in which each entry knows its place.
class due_heap {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  entry_index top() const { return heap_.front().entry; }
  std::int64_t top_due() const { return heap_.front().due; }
  // In no order but the heap's own.
  entry_index operator[](std::size_t n) const { return heap_[n].entry; }

  void push(entry_pool& pool, entry_index i, std::int64_t due) {
    heap_.push_back({due, i});
    rise(pool, heap_.size() - 1);
  }
  void remove(entry_pool& pool, entry_index i) {
    const std::size_t hole = pool[i].next;
    const auto last = heap_.back();
    heap_.pop_back();
    pool[i].next = no_entry;
    if (hole == heap_.size()) return;
    place(pool, hole, last);
    rise(pool, hole);
    sink(pool, pool[last.entry].next);
  }

 private:
  struct item {
    std::int64_t due;
    entry_index entry;
  };
  static bool sooner(const entry_pool& pool, const item& a, const item& b) {
    return a.due != b.due ? a.due < b.due : pool[a.entry].seq < pool[b.entry].seq;
  }
  void place(entry_pool& pool, std::size_t at, const item& i) {
    heap_[at] = i;
    pool[i.entry].next = static_cast<entry_index>(at);
  }
  void rise(entry_pool& pool, std::size_t at) {
    const auto i = heap_[at];
    for (; at > 0 && sooner(pool, i, heap_[(at - 1) / 2]); at = (at - 1) / 2)
      place(pool, at, heap_[(at - 1) / 2]);
    place(pool, at, i);
  }
  void sink(entry_pool& pool, std::size_t at) {
    const auto i = heap_[at];
    for (auto child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && sooner(pool, heap_[child + 1], heap_[child])) ++child;
      if (!sooner(pool, heap_[child], i)) break;
      place(pool, at, heap_[child]);
      at = child;
    }
    place(pool, at, i);
  }

  std::vector<item> heap_;
};

}  // namespace son1k::queue::embedded
