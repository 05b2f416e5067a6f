package io.github.kib4j.dependence;

import io.github.kib4j.op.Device;
import io.github.kib4j.tensor.RefusedException;
import java.util.List;

/** Which way of computing sums over pairs is taken. */
final class PairMethods {
    private PairMethods() {}

    /**
     * Returns the cheaper way: without pairs, where kernels are linear or cosine and samples more than numbers in a sample.
     *
     * @param ignoresShifts whether the measure of linear kernels stays the same where samples are shifted
     */
    static Pairs of(Device device, List<Variable> variables, boolean ignoresShifts, String... names) {
        return ProductPairs.suits(variables)
                ? new ProductPairs(device, variables, ignoresShifts, names)
                : new TilePairs(device, variables, ignoresShifts, names);
    }

    /** Checks that samples are paired, and enough of them. */
    static void check(String what, int least, List<Variable> variables, String... names) {
        int n = variables.get(0).observations().count();
        for (int a = 1; a < variables.size(); a++) {
            int other = variables.get(a).observations().count();
            if (other != n) {
                throw new RefusedException(what + " needs paired samples, but there are " + n + " of " + names[0]
                        + " and " + other + " of " + names[a] + ".");
            }
        }
        if (n < least) {
            throw new RefusedException(what + " needs at least " + least + " samples, but there "
                    + (n == 1 ? "is 1" : "are " + n) + " of " + names[0] + ".");
        }
    }
}
