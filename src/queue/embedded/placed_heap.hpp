// A binary heap of things that live elsewhere and know their place in it, so that any of them can
// be moved or taken out in O(log n). `Sooner` says which of two comes first; the member `Place`
// holds the place, or heap_nowhere. Not thread-safe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace son1k::queue::embedded {

inline constexpr std::uint32_t heap_nowhere = 0xffffffff;

template <class T, std::uint32_t T::*Place, bool (*Sooner)(const T&, const T&)>
class placed_heap {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  T& top() const { return *heap_.front(); }

  // Takes it in, or moves it to where it belongs now that its order has changed.
  void put(T& item) {
    if (item.*Place == heap_nowhere) {
      heap_.push_back(&item);
      item.*Place = static_cast<std::uint32_t>(heap_.size() - 1);
    }
    sink(rise(item.*Place));
  }
  // Does nothing for one that is not here.
  void remove(T& item) {
    const std::size_t hole = item.*Place;
    if (hole == heap_nowhere) return;
    item.*Place = heap_nowhere;
    T* last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) return;
    place(hole, last);
    sink(rise(hole));
  }

 private:
  void place(std::size_t at, T* item) {
    heap_[at] = item;
    item->*Place = static_cast<std::uint32_t>(at);
  }
  std::size_t rise(std::size_t at) {
    T* item = heap_[at];
    const auto start = at;
    for (; at > 0 && Sooner(*item, *heap_[(at - 1) / 2]); at = (at - 1) / 2)
      place(at, heap_[(at - 1) / 2]);
    if (at != start) place(at, item);
    return at;
  }
  void sink(std::size_t at) {
    T* item = heap_[at];
    const auto start = at;
    for (auto child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && Sooner(*heap_[child + 1], *heap_[child])) ++child;
      if (!Sooner(*heap_[child], *item)) break;
      place(at, heap_[child]);
      at = child;
    }
    if (at != start) place(at, item);
  }

  std::vector<T*> heap_;
};

}  // namespace son1k::queue::embedded
