// Drives a fuzz entry without libFuzzer: every file of the corpus as it is, then a fixed series of
// mutations of them. The same arguments give the same inputs; the one that broke is left in a file.
//   program CORPUS_DIR MUTATIONS LAST_INPUT_FILE
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

constexpr std::size_t input_bytes_max = 64 * 1024;
constexpr std::size_t grown_bytes_max = 4 * 1024;

using random_source = std::mt19937_64;

std::size_t below(random_source& random, std::size_t bound) {
  return bound == 0 ? 0 : static_cast<std::size_t>(random() % bound);
}

std::vector<std::string> read_corpus(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

// One small change: a flipped bit, a telling byte, a cut, a repeat, or a piece of another input.
void mutate_once(std::string& input, const std::string& other, random_source& random) {
  static constexpr unsigned char telling[] = {0x00, 0x7f, 0x80, 0xff, '\r', '\n', '"', '\\',
                                              '{',  '[',  '-',  '0',  ' ',  ':',  '%', ';'};
  const std::size_t at = below(random, input.size() + 1);
  const std::size_t length = 1 + below(random, 16);
  switch (random() % 5) {
    case 0:
      if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(random, 8)));
      break;
    case 1:
      input.insert(at, 1, static_cast<char>(telling[below(random, std::size(telling))]));
      break;
    case 2:
      input.erase(at, length);
      break;
    case 3:
      input.insert(at, std::string(input, at, length));
      break;
    default:
      input.insert(at, std::string(other, below(random, other.size() + 1), length * 4));
  }
}

// The input under test, kept in a file that outlives a crash. One descriptor, and never truncated
// to nothing: file systems flush such files at once.
class last_input {
 public:
  explicit last_input(const char* path)
      : path_(path), descriptor_(::open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) std::perror(path), std::exit(2);
  }
  void run(const std::string& input) const {
    if (::pwrite(descriptor_, input.data(), input.size(), 0) < 0 ||
        ::ftruncate(descriptor_, static_cast<off_t>(input.size())) != 0) {
      std::perror(path_), std::exit(2);
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
  void survived() const {
    ::close(descriptor_);
    ::unlink(path_);
  }

 private:
  const char* path_;
  int descriptor_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s CORPUS_DIR MUTATIONS LAST_INPUT_FILE\n", argv[0]);
    return 2;
  }
  const auto mutations = std::strtoull(argv[2], nullptr, 10);
  const last_input last(argv[3]);
  auto corpus = read_corpus(argv[1]);
  const auto files = corpus.size();
  for (const auto& input : corpus) last.run(input);
  corpus.emplace_back();

  random_source random(0x50116);
  for (std::uint64_t n = 0; n < mutations; ++n) {
    std::string input = corpus[below(random, corpus.size())].substr(0, input_bytes_max);
    const std::string& other = corpus[below(random, corpus.size())];
    const auto bound = std::max(input.size(), grown_bytes_max);
    for (std::size_t step = 1 + below(random, 8); step > 0; --step) {
      mutate_once(input, other, random);
    }
    if (input.size() > bound) input.resize(bound);
    last.run(input);
  }
  last.survived();
  std::printf("%zu files of the corpus, %llu mutations\n", files,
              static_cast<unsigned long long>(mutations));
  return 0;
}
