// Between what is asked of rooms over HTTP and the sockets that are in them: whoever has sockets
// hears of it at once. Without any, nobody is told.
//
// Thread-safe; calls run on the caller's thread and must be short.
#pragma once
#include <mutex>
#include <string>

#include "realtime/rooms/database/room_records.hpp"

namespace son1k::api {

class room_listener {
 public:
  virtual ~room_listener() = default;
  virtual void said(const realtime::room_message& what) = 0;
  // Somebody may no longer be in it, or as something else.
  virtual void changed(const std::string& room) = 0;
  virtual void invited(const std::string& user, const realtime::room_invitation& to) = 0;
};

class room_bell {
 public:
  // One at most. Null: nobody; then no call is under way.
  void attach(room_listener* one) {
    const std::scoped_lock hold(mutex_);
    listener_ = one;
  }
  void said(const realtime::room_message& what) {
    const std::scoped_lock hold(mutex_);
    if (listener_ != nullptr) listener_->said(what);
  }
  void changed(const std::string& room) {
    const std::scoped_lock hold(mutex_);
    if (listener_ != nullptr) listener_->changed(room);
  }
  void invited(const std::string& user, const realtime::room_invitation& to) {
    const std::scoped_lock hold(mutex_);
    if (listener_ != nullptr) listener_->invited(user, to);
  }

 private:
  std::mutex mutex_;
  room_listener* listener_ = nullptr;
};

}  // namespace son1k::api
