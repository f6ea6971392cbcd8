// Deadlines that all are the same time away when they are set, so that a list in order of setting
// is in order of time: setting, moving and removing one costs no search. Not thread-safe; whoever
// holds a mark owns it, and a mark leaves its list when it goes.
#pragma once
#include <cstdint>

namespace son1k::realtime {

class deadline_list;

class deadline_mark {
 public:
  explicit deadline_mark(void* owner) : owner_(owner) {}
  ~deadline_mark() { leave(); }
  deadline_mark(const deadline_mark&) = delete;
  deadline_mark& operator=(const deadline_mark&) = delete;

  bool is_set() const { return list_ != nullptr; }
  bool is_in(const deadline_list& list) const { return list_ == &list; }
  std::int64_t due_us() const { return due_us_; }
  void* owner() const { return owner_; }
  inline void leave();

 private:
  friend class deadline_list;
  void* owner_;
  deadline_list* list_ = nullptr;
  deadline_mark* before_ = nullptr;
  deadline_mark* after_ = nullptr;
  std::int64_t due_us_ = 0;
};

class deadline_list {
 public:
  explicit deadline_list(std::int64_t away_us) : away_us_(away_us) {}
  ~deadline_list() {
    while (first_ != nullptr) first_->leave();
  }
  deadline_list(const deadline_list&) = delete;
  deadline_list& operator=(const deadline_list&) = delete;

  // From wherever it was to the end of this list. A time before the last one's counts as that.
  void set(deadline_mark& mark, std::int64_t from_us) {
    mark.leave();
    mark.due_us_ = from_us + away_us_;
    if (last_ != nullptr && mark.due_us_ < last_->due_us_) mark.due_us_ = last_->due_us_;
    mark.list_ = this;
    mark.before_ = last_;
    mark.after_ = nullptr;
    (last_ != nullptr ? last_->after_ : first_) = &mark;
    last_ = &mark;
  }
  deadline_mark* first() const { return first_; }

 private:
  friend class deadline_mark;
  const std::int64_t away_us_;
  deadline_mark* first_ = nullptr;
  deadline_mark* last_ = nullptr;
};

inline void deadline_mark::leave() {
  if (list_ == nullptr) return;
  (before_ != nullptr ? before_->after_ : list_->first_) = after_;
  (after_ != nullptr ? after_->before_ : list_->last_) = before_;
  list_ = nullptr;
  before_ = after_ = nullptr;
}

}  // namespace son1k::realtime
