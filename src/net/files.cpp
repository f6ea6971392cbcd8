#include "net/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/byte_range.hpp"

namespace son1k::net {

result<std::shared_ptr<const open_file>> open_file::open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a fifo must not wait for its writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) {
    const int cause = errno;
    const bool absent = cause == ENOENT || cause == ENOTDIR || cause == ELOOP || cause == ENXIO ||
                        cause == ENAMETOOLONG;
    if (absent) return error(errc::not_found, text("No such file.", "No existe ese archivo."));
    return error(errc::unavailable,
                 text(std::string("The file cannot be opened: ") + std::strerror(cause),
                      std::string("El archivo no se puede abrir: ") + std::strerror(cause)));
  }
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    ::close(descriptor);
    return error(errc::not_found, text("Not a regular file.", "No es un archivo normal."));
  }
  return std::shared_ptr<const open_file>(new open_file(
      descriptor, static_cast<std::uint64_t>(facts.st_size), std::int64_t{facts.st_mtim.tv_sec}));
}

open_file::~open_file() {
  ::close(descriptor_);
}

namespace {

bool not_modified(const http_request& request, std::string_view etag, std::int64_t modified_s) {
  if (request.method != http_method::get && !request.head()) return false;
  if (request.has_header("If-None-Match")) {
    return etag_matches(request.header("If-None-Match"), etag);
  }
  const auto since = parse_http_date(request.header("If-Modified-Since"));
  return since && modified_s <= *since;
}

range_choice choose(const http_request& request, const open_file& file, std::string_view etag) {
  const range_choice whole{range_kind::whole, 0, file.size()};
  if (request.method != http_method::get && !request.head()) return whole;
  if (request.has_header("If-Range") &&
      !if_range_holds(request.header("If-Range"), etag, file.modified_s())) {
    return whole;
  }
  return choose_range(request.header("Range"), file.size());
}

}  // namespace

http_response file_response(const http_request& request, std::shared_ptr<const open_file> file,
                            const file_facts& facts) {
  const std::string etag = facts.etag.empty() ? "W/\"" + std::to_string(file->size()) + "-" +
                                                    std::to_string(file->modified_s()) + "\""
                                              : facts.etag;
  http_response reply(200);
  reply.headers.add("ETag", etag);
  reply.headers.add("Last-Modified", http_date(file->modified_s()));
  reply.headers.add("Accept-Ranges", "bytes");
  if (!facts.cache_control.empty()) reply.headers.add("Cache-Control", facts.cache_control);
  if (not_modified(request, etag, file->modified_s())) {
    reply.status = 304;
    return reply;
  }
  reply.content_type = facts.content_type;
  if (!facts.disposition.empty()) reply.headers.add("Content-Disposition", facts.disposition);
  const auto range = choose(request, *file, etag);
  const auto size = std::to_string(file->size());
  if (range.kind == range_kind::unsatisfiable) {
    reply.status = 416;
    reply.content_type = {};
    reply.headers.add("Content-Range", "bytes */" + size);
    return reply;
  }
  if (range.kind == range_kind::part) {
    reply.status = 206;
    reply.headers.add("Content-Range", "bytes " + std::to_string(range.offset) + "-" +
                                           std::to_string(range.offset + range.length - 1) + "/" +
                                           size);
  }
  reply.body = file_body{std::move(file), range.offset, range.length};
  return reply;
}

}  // namespace son1k::net
