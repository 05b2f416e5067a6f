// All clean programs in one file, so that nvcc reads its headers once. Usage: programs [all|NAME [SEED]]
#include "blocks.cuh"
#include "groups.cuh"
#include "numbers.cuh"

int main(int count, char** arguments) {
  return run_programs({{"reductions", blocks::reductions},
                       {"scans", blocks::scans},
                       {"transposes", blocks::transposes},
                       {"products", blocks::products},
                       {"histograms", blocks::histograms},
                       {"sorts", blocks::sorts},
                       {"normalizations", blocks::normalizations},
                       {"tiles", groups::tile_groups},
                       {"grid", groups::grid_groups},
                       {"random_numbers", numbers::random_numbers},
                       {"divergent_loops", numbers::divergent_loops},
                       {"recursion", numbers::recursion},
                       {"integers", numbers::integers},
                       {"functions", numbers::functions_of_numbers},
                       {"half_precision", numbers::half_precision},
                       {"warps", numbers::warps}},
                      count, arguments);
}
