#include "store/sqlite/sqlite_reader.hpp"

namespace son1k::store {
namespace {

const statement sql_begin_reading{"BEGIN"};
const statement sql_end{"ROLLBACK"};

}  // namespace

void sqlite_reader::serve(std::span<database::read_work> works) {
  // The snapshot is that of the first query.
  connection_->run(sql_begin_reading);
  for (auto& work : works) work(*connection_);
  connection_->run(sql_end);
}

}  // namespace son1k::store
