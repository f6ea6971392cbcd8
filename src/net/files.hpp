// Files as replies: Range, ETag, Last-Modified, never whole in memory. Thread-safe.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace son1k::net {

// A regular file, open for reading. Owns the descriptor; offsets are the caller's.
class open_file {
 public:
  // errc::not_found if there is none, or it is a symbolic link, a folder or a device;
  // errc::unavailable if it cannot be opened now.
  static result<std::shared_ptr<const open_file>> open(const std::filesystem::path& path);
  ~open_file();
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;

  int descriptor() const { return descriptor_; }
  std::uint64_t size() const { return size_; }
  std::int64_t modified_s() const { return modified_s_; }  // UTC seconds since 1970

 private:
  open_file(int descriptor, std::uint64_t size, std::int64_t modified_s)
      : descriptor_(descriptor), size_(size), modified_s_(modified_s) {}
  int descriptor_;
  std::uint64_t size_;
  std::int64_t modified_s_;
};

struct file_facts {
  file_facts() = default;
  std::string_view content_type;  // static storage
  std::string etag;               // with its quotes; empty: made from size and time, weak
  std::string disposition;        // Content-Disposition; empty: none
  std::string cache_control;      // empty: none
};

// 200, 206, 304 or 416 (errc::range_invalid is not used: the reply carries Content-Range) for the
// request's Range, If-Range, If-None-Match and If-Modified-Since.
http_response file_response(const http_request& request, std::shared_ptr<const open_file> file,
                            const file_facts& facts);

}  // namespace son1k::net
