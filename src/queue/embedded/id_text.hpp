// A job id in 17 bytes: a lower-case UUID in its binary form, a text of up to 16 bytes as it is,
// longer ones on the heap. Not thread-safe.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

namespace son1k::queue::embedded {

// The characters of an id: those of a UUID are made anew and live in here, so keep this as long as
// a view into it.
class id_chars {
 public:
  explicit id_chars(std::string_view outside) : outside_(outside) {}
  // `uuid`: its 16 bytes.
  explicit id_chars(const unsigned char* uuid) {
    static constexpr char digits[] = "0123456789abcdef";
    std::size_t at = 0;
    for (std::size_t n = 0; n < 16; ++n) {
      if (n == 4 || n == 6 || n == 8 || n == 10) made_[at++] = '-';
      made_[at++] = digits[uuid[n] >> 4];
      made_[at++] = digits[uuid[n] & 15];
    }
    is_made_ = true;
  }
  operator std::string_view() const {  // NOLINT(google-explicit-constructor): it stands for one
    return is_made_ ? std::string_view(made_, sizeof made_) : outside_;
  }
  friend bool operator==(const id_chars& a, std::string_view b) { return std::string_view(a) == b; }

 private:
  char made_[36];
  bool is_made_ = false;
  std::string_view outside_;
};

class id_text {
 public:
  id_text() = default;
  explicit id_text(std::string_view text) { assign(text); }
  id_text(const id_text& other) { copy(other); }
  id_text(id_text&& other) noexcept { take(other); }
  id_text& operator=(const id_text& other) {
    if (this != &other) *this = id_text(other);
    return *this;
  }
  id_text& operator=(id_text&& other) noexcept {
    if (this == &other) return *this;
    release();
    take(other);
    return *this;
  }
  ~id_text() { release(); }

  id_chars view() const {
    if (form_ == uuid) return id_chars(bytes_);
    if (form_ == on_heap) return id_chars(std::string_view(heap()));
    return id_chars(std::string_view(reinterpret_cast<const char*>(bytes_), form_));
  }
  // Of the form it is kept in: a UUID costs two words.
  std::size_t hash() const {
    if (form_ == on_heap) return std::hash<std::string_view>{}(heap());
    std::uint64_t words[2];
    std::memcpy(words, bytes_, sizeof words);
    auto mixed = (words[0] ^ form_) * 0x9e3779b97f4a7c15ULL;
    mixed = (mixed ^ (mixed >> 32) ^ words[1]) * 0xd6e8feb86659fd93ULL;
    return mixed ^ (mixed >> 32);
  }
  struct hasher {
    std::size_t operator()(const id_text& id) const { return id.hash(); }
  };
  friend bool operator==(const id_text& a, const id_text& b) {
    if (a.form_ != b.form_) return false;
    if (a.form_ == on_heap) return std::strcmp(a.heap(), b.heap()) == 0;
    return std::memcmp(a.bytes_, b.bytes_, a.form_ == uuid ? inline_max : a.form_) == 0;
  }

 private:
  static constexpr std::size_t inline_max = 16;
  static constexpr unsigned char uuid = 254;
  static constexpr unsigned char on_heap = 255;

  char* heap() const {
    char* at = nullptr;
    std::memcpy(&at, bytes_, sizeof at);
    return at;
  }
  // The value of a lower-case hexadecimal digit by its character, or -1.
  static constexpr auto digits = [] {
    std::array<signed char, 256> values{};
    values.fill(-1);
    for (int n = 0; n < 16; ++n)
      values[static_cast<std::size_t>("0123456789abcdef"[n])] = static_cast<signed char>(n);
    return values;
  }();
  static int digit(char c) { return digits[static_cast<unsigned char>(c)]; }
  bool assign_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    std::size_t at = 0;
    for (std::size_t n = 0; n < 16; ++n) {
      if ((n == 4 || n == 6 || n == 8 || n == 10) && text[at++] != '-') return false;
      const int high = digit(text[at]);
      const int low = digit(text[at + 1]);
      if ((high | low) < 0) return false;
      bytes_[n] = static_cast<unsigned char>(high * 16 + low);
      at += 2;
    }
    form_ = uuid;
    return true;
  }
  // Into an empty one. Ids are checked text: no zero byte inside.
  void assign(std::string_view text) {
    if (assign_uuid(text)) return;
    if (text.size() <= inline_max) {
      if (!text.empty()) std::memcpy(bytes_, text.data(), text.size());
      form_ = static_cast<unsigned char>(text.size());
      return;
    }
    char* copy = new char[text.size() + 1];
    std::memcpy(copy, text.data(), text.size());
    copy[text.size()] = 0;
    std::memcpy(bytes_, &copy, sizeof copy);
    form_ = on_heap;
  }
  void copy(const id_text& other) {
    if (other.form_ == on_heap) return assign(other.heap());
    std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    form_ = other.form_;
  }
  void take(id_text& other) noexcept {
    std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    form_ = other.form_;
    other.clear();
  }
  void release() {
    if (form_ == on_heap) delete[] heap();
    clear();
  }
  // The bytes beyond a short text are zero: hash() looks at them.
  void clear() {
    std::memset(bytes_, 0, sizeof bytes_);
    form_ = 0;
  }

  unsigned char bytes_[inline_max] = {};
  unsigned char form_ = 0;  // the length of an inline text, or one of the forms above
};

}  // namespace son1k::queue::embedded
