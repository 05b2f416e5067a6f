package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;

/**
 * Groups of units and what is computed from them (docs/mathematics.md, sections 3.1 and 3.2). The {@code N} activities of a
 * sample, in {@code C,H,W} order, are cut into {@code G} runs of {@code n = N/G}; with {@code zbar} a run's mean
 *
 * <pre>
 * s[b,g] = (delta + sum_{k in g} (z[b,k] - zbar[b,g])^2) / n
 * u[b,g] = s[b,g]^p
 * r[b,k] = (z[b,k] - zbar[b,g]) / s[b,g]^q          where q > 0: divisive normalization
 * </pre>
 *
 * @param groups {@code G}
 * @param power {@code p}
 * @param delta {@code delta}, at least 0
 * @param divisivePower {@code q}; 0 for no divisive normalization: then {@code z} itself is kept and passed on
 */
public record Grouping(int groups, double power, double delta, double divisivePower) {
    /**
     * Checks the numbers.
     *
     * @param groups {@code G}
     * @param power {@code p}
     * @param delta added to a group's sum of squares
     * @param divisivePower {@code q}; 0 without divisive normalization
     */
    public Grouping {
        if (groups < 1) {
            throw new RefusedException("The number of groups must be at least 1, but is " + groups + ".");
        }
        if (!(power > 0) || !(delta >= 0) || !(divisivePower >= 0) || !Double.isFinite(power + delta + divisivePower)) {
            throw new RefusedException("Grouping needs power p > 0, delta >= 0 and divisive power q >= 0, but has p = "
                    + power + ", delta = " + delta + ", q = " + divisivePower + ".");
        }
    }

    /** {@return all that decides bits} */
    public Signature signature() {
        return Signature.EMPTY
                .with("groups", groups)
                .with("power", power)
                .with("delta", delta)
                .with("divisivePower", divisivePower);
    }

    /**
     * {@return the groups whose signature this is}
     *
     * @param signature of some
     */
    public static Grouping of(Signature signature) {
        return new Grouping(
                Integer.parseInt(signature.value("groups")),
                Double.parseDouble(signature.value("power")),
                Double.parseDouble(signature.value("delta")),
                Double.parseDouble(signature.value("divisivePower")));
    }

    /** {@return whether activities are divisively normalized} */
    public boolean divisive() {
        return divisivePower > 0;
    }
}
