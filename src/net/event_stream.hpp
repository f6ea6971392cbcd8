// Server-sent events (HTML Standard, "Server-sent events"). The handler makes a stream, gives it
// to the one who produces events, and returns event_stream_response(stream). Thread-safe: any
// thread may send; the connection's reactor writes. Shared by producer and connection.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace son1k::net {

struct event_stream_settings {
  event_stream_settings() = default;
  std::size_t queued_bytes_max = 1'048'576;  // a slower reader is cut
  int retry_ms = 2000;                       // sent first; how soon a client comes back
};

class event_stream {
 public:
  static std::shared_ptr<event_stream> make(event_stream_settings s = {});
  ~event_stream();
  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;

  // Queues one event; `id` and `name` may be empty, lines of `data` are split as the format asks.
  // False once the stream is over: the client went, it read too slowly, or close() was called.
  bool send(std::string_view id, std::string_view name, std::string_view data);
  // Queues bytes that are already in the format (":comment\n\n").
  bool send_raw(std::string_view bytes);
  // Ends the stream after what is queued. Repeatable.
  void close();
  bool open() const;
  // Called once when the stream is over for whatever reason, on the thread that ended it; at once
  // if it is over already. Without locks held, so the callback may drop or use the stream.
  void on_close(std::function<void()> callback);

  // For the connection. `wake` is called, on any thread, when there is something new to take.
  void attach(std::function<void()> wake);
  enum class supply { more, last, cut };
  // Appends what is queued to `out`; the bytes of the call before count as written. `last`: nothing
  // more will come; `cut`: the reader was too slow or gone, and nothing was appended.
  supply take(std::string& out);
  // What was taken has been written.
  void written();
  // True once the queue was dropped: nothing of it will be written.
  bool is_cut() const;
  // The client is gone or was cut: drops the queue and tells the producer.
  void abandon();

 private:
  explicit event_stream(event_stream_settings s);
  void finish(std::unique_lock<std::mutex> lock);

  const event_stream_settings settings_;
  mutable std::mutex mutex_;
  std::string queued_;
  std::size_t in_flight_ = 0;  // taken, not yet written
  bool ended_ = false;         // no more sends
  bool cut_ = false;           // what is queued will not be written either
  bool woken_ = false;         // a wake is under way
  std::function<void()> wake_;
  std::function<void()> callback_;
};

}  // namespace son1k::net
