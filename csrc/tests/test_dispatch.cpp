#include <doctest.h>

#include <stdexcept>
#include <string>

#include "runtime/dispatch.h"
#include "tests/isas.h"

namespace pydl {
namespace {

TEST_CASE("the baseline is there on every CPU, and the best supported set is the default") {
  REQUIRE(isa_count() >= 1);
  CHECK(std::string(isa_name(0)) == "baseline");
  CHECK(isa_supported(0));
  std::string best;
  for (int i = 0; i < isa_count(); i++)
    if (isa_supported(i)) best = isa_name(i);
  CHECK(kernels().isa == best);
}

TEST_CASE("set_isa switches to every supported set") {
  std::string seen;
  on_every_isa([&] { seen += std::string(kernels().isa) + " "; });
  CHECK(seen.find("baseline") == 0);
}

TEST_CASE("an unknown set is refused with a list of those that are there") {
  const std::string before = kernels().isa;
  try {
    set_isa("mmx");
    FAIL("expected an error");
  } catch (const std::invalid_argument& e) {
    const std::string text = e.what();
    CHECK(text.find("'mmx'") != std::string::npos);
    CHECK(text.find("baseline") != std::string::npos);
  }
  CHECK(kernels().isa == before);
}

}  // namespace
}  // namespace pydl
