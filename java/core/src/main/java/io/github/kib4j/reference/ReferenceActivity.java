package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.bytes;
import static io.github.kib4j.reference.ReferenceTensor.doubles;
import static io.github.kib4j.reference.ReferenceTensor.longs;
import static io.github.kib4j.reference.ReferenceTensor.size;

import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Philox;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@link ActivityOps} in loops: step by step what other backends fuse. */
record ReferenceActivity() implements ActivityOps<Work> {
    private static final int POSITIVE = 4;

    @Override
    public Work forward(Buffers out, Tensor a, Spec spec, @Nullable Clock clock) {
        return Work.of(() -> {
            activate(out, a, spec);
            Grouping grouping = spec.grouping();
            if (grouping != null) {
                group(out, grouping);
            }
            if (out.sent() != out.post()) {
                drop(out, spec, Objects.requireNonNull(clock));
            }
        });
    }

    /** {@code z = pool(f(a))}, into {@code post}. */
    private static void activate(Buffers out, Tensor a, Spec spec) {
        double[] in = doubles(a);
        double[] z = doubles(out.post());
        byte[] mask = bytes(out.mask());
        for (int o = 0; o < z.length; o++) {
            if (spec.pooling() == Pooling.AVERAGE) {
                double sum = 0;
                for (int choice = 0; choice < 4; choice++) {
                    sum += spec.activation().of(in[windowIndex(a.shape(), o, choice)]);
                }
                z[o] = sum / 4;
                mask[o] = 0;
            } else {
                int choice = spec.pooling() == Pooling.MAX ? choose(in, a.shape(), o) : 0;
                double chosen = in[inputIndex(a.shape(), spec.pooling(), o, choice)];
                z[o] = spec.activation().of(chosen);
                mask[o] = (byte) (choice + (chosen > 0 ? POSITIVE : 0));
            }
        }
    }

    /** Returns the position of a window's largest number: the first of equal ones; the first NaN if there is one. */
    private static int choose(double[] a, Shape shape, int output) {
        int best = 0;
        for (int choice = 1; choice < 4; choice++) {
            double value = a[windowIndex(shape, output, choice)];
            double largest = a[windowIndex(shape, output, best)];
            if (value > largest || (Double.isNaN(value) && !Double.isNaN(largest))) {
                best = choice;
            }
        }
        return best;
    }

    private static int inputIndex(Shape a, Pooling pooling, int output, int choice) {
        return pooling == Pooling.NONE ? output : windowIndex(a, output, choice);
    }

    /** Returns where entry {@code choice} (row-major) of the 2x2 window of an output lies in the pre-activations. */
    private static int windowIndex(Shape a, int output, int choice) {
        int height = a.extent(2) / 2;
        int width = a.extent(3) / 2;
        int column = output % width;
        int row = output / width % height;
        int plane = output / (width * height);
        return (plane * a.extent(2) + 2 * row + choice / 2) * a.extent(3) + 2 * column + choice % 2;
    }

    /** Group means, {@code s}, {@code u}; divisive normalization of {@code post} in place. */
    private static void group(Buffers out, Grouping grouping) {
        double[] z = doubles(out.post());
        int all = size(Objects.requireNonNull(out.code()));
        int n = size(out.post()) / all;
        for (int g = 0; g < all; g++) {
            double sum = 0;
            for (int k = g * n; k < (g + 1) * n; k++) {
                sum += z[k];
            }
            double mean = sum / n; // of equal numbers that number, unlike a sum of quotients
            double squares = 0;
            for (int k = g * n; k < (g + 1) * n; k++) {
                squares += (z[k] - mean) * (z[k] - mean);
            }
            double s = (grouping.delta() + squares) / n;
            doubles(Objects.requireNonNull(out.mean()))[g] = mean;
            doubles(Objects.requireNonNull(out.scale()))[g] = s;
            doubles(Objects.requireNonNull(out.code()))[g] = Math.pow(s, grouping.power());
            if (grouping.divisive()) {
                double factor = s == 0 ? 0 : Math.pow(s, -grouping.divisivePower());
                for (int k = g * n; k < (g + 1) * n; k++) {
                    z[k] = (z[k] - mean) * factor;
                }
            }
        }
    }

    private static void drop(Buffers out, Spec spec, Clock clock) {
        double[] post = doubles(out.post());
        double[] sent = doubles(out.sent());
        Dropout dropout = spec.dropout();
        for (int k = 0; k < size(out.post()); k++) {
            sent[k] = isDropped(spec, clock, k)
                    ? dropout.droppedValue()
                    : dropout.keptScale() * post[k] + dropout.keptShift();
        }
    }

    private static boolean isDropped(Spec spec, Clock clock, int element) {
        int[] words = new int[4];
        int step = (int) longs(clock.now())[Clock.STEP];
        Philox.words(words, spec.seed(), element / 4, step, spec.layer(), Philox.DROPOUT);
        return Integer.compareUnsigned(words[element % 4], spec.dropout().threshold()) < 0;
    }

    @Override
    public Work hebbianGradient(Tensor da, @Nullable Tensor a, Buffers saved, Tensor du, Spec spec) {
        return Work.of(() -> {
            double[] third = doubles(du);
            Grouping grouping = spec.grouping();
            double[] dz = new double[size(saved.post())];
            for (int k = 0; k < dz.length; k++) {
                dz[k] = grouping == null ? third[k] : groupedGradient(saved, grouping, third, dz.length, k);
            }
            activationGradient(da, a, saved, dz, spec);
        });
    }

    /** {@code dz = du (2p/n) s^(p-1) (z - zbar)}. */
    private static double groupedGradient(Buffers saved, Grouping grouping, double[] du, int size, int k) {
        int n = size / size(Objects.requireNonNull(saved.code()));
        int g = k / n;
        double s = doubles(Objects.requireNonNull(saved.scale()))[g];
        if (s == 0) {
            return 0;
        }
        double mean = doubles(Objects.requireNonNull(saved.mean()))[g];
        double post = doubles(saved.post())[k];
        double centred = grouping.divisive() ? post * Math.pow(s, grouping.divisivePower()) : post - mean;
        return du[g] * (2 * grouping.power() / n) * Math.pow(s, grouping.power() - 1) * centred;
    }

    /** {@code da = unpool(dz) f'(a)}; 0 where a position is in no window. */
    private static void activationGradient(Tensor da, @Nullable Tensor a, Buffers saved, double[] dz, Spec spec) {
        double[] out = doubles(da);
        byte[] mask = bytes(saved.mask());
        double[] in = spec.pooling() == Pooling.AVERAGE ? doubles(Objects.requireNonNull(a)) : out;
        for (int o = 0; o < dz.length; o++) {
            int choices = spec.pooling() == Pooling.NONE ? 1 : 4;
            double z = activity(saved, spec.grouping(), dz.length, o);
            for (int choice = 0; choice < choices; choice++) {
                int at = inputIndex(da.shape(), spec.pooling(), o, choice);
                if (spec.pooling() == Pooling.AVERAGE) {
                    out[at] = dz[o]
                            / 4
                            * spec.activation().slope(spec.activation().of(in[at]), in[at] > 0);
                } else {
                    boolean chosen = (mask[o] & 3) == choice;
                    out[at] = chosen ? dz[o] * spec.activation().slope(z, (mask[o] & POSITIVE) != 0) : 0;
                }
            }
        }
        if (spec.pooling() != Pooling.NONE) {
            clearOutsideWindows(out, da.shape());
        }
    }

    private static void clearOutsideWindows(double[] out, Shape shape) {
        int height = shape.extent(2);
        int width = shape.extent(3);
        for (int at = 0; at < out.length; at++) {
            boolean outside = at / width % height >= height / 2 * 2 || at % width >= width / 2 * 2;
            out[at] = outside ? 0 : out[at];
        }
    }

    /** Returns {@code z = zbar + s^q r} from what was kept. */
    private static double activity(Buffers saved, @Nullable Grouping grouping, int size, int k) {
        double post = doubles(saved.post())[k];
        if (grouping == null || !grouping.divisive()) {
            return post;
        }
        int g = k / (size / size(Objects.requireNonNull(saved.code())));
        double s = doubles(Objects.requireNonNull(saved.scale()))[g];
        return doubles(Objects.requireNonNull(saved.mean()))[g] + Math.pow(s, grouping.divisivePower()) * post;
    }

    @Override
    public Work outputGradient(
            Tensor da, @Nullable Tensor a, Buffers saved, Tensor dsent, Spec spec, @Nullable Clock clock) {
        return Work.of(() -> {
            double[] upstream = doubles(dsent);
            double[] dr = new double[size(saved.post())];
            for (int k = 0; k < dr.length; k++) {
                boolean dropped = saved.sent() != saved.post() && isDropped(spec, Objects.requireNonNull(clock), k);
                dr[k] = dropped
                        ? 0
                        : upstream[k]
                                * (spec.dropout().isNone() ? 1 : spec.dropout().keptScale());
            }
            Grouping grouping = spec.grouping();
            boolean divisive = grouping != null && grouping.divisive();
            double[] dz = divisive ? divisiveGradient(saved, Objects.requireNonNull(grouping), dr) : dr;
            activationGradient(da, a, saved, dz, spec);
        });
    }

    /** {@code dz = s^-q (g - mean(g)) - (2q/n) s^(q-1) r sum_k g_k r_k}. */
    private static double[] divisiveGradient(Buffers saved, Grouping grouping, double[] dr) {
        double[] r = doubles(saved.post());
        double[] scale = doubles(Objects.requireNonNull(saved.scale()));
        int all = size(Objects.requireNonNull(saved.scale()));
        int n = dr.length / all;
        double q = grouping.divisivePower();
        double[] dz = new double[dr.length];
        for (int g = 0; g < all; g++) {
            double mean = 0;
            double product = 0;
            for (int k = g * n; k < (g + 1) * n; k++) {
                mean += dr[k] / n;
                product += dr[k] * r[k];
            }
            double s = scale[g];
            for (int k = g * n; k < (g + 1) * n && s != 0; k++) {
                dz[k] = Math.pow(s, -q) * (dr[k] - mean) - 2 * q / n * Math.pow(s, q - 1) * r[k] * product;
            }
        }
        return dz;
    }
}
