package io.github.kib4j.reference;

import static io.github.kib4j.reference.ReferenceTensor.doubles;
import static io.github.kib4j.reference.ReferenceTensor.longs;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@link OptimizerOps} in loops. */
record ReferenceOptimizer() implements OptimizerOps<Work> {
    @Override
    public Work step(Spec spec, List<Slot> slots, Tensor learningRates, Clock clock) {
        return Work.of(() -> {
            if (longs(clock.fault())[0] != 0) {
                return;
            }
            long[] now = longs(clock.now());
            double[] rates = doubles(learningRates);
            double rate = rates[(int) Math.min(now[Clock.EPOCH_STEP], rates.length - 1)];
            long t = now[Clock.STEP] + 1;
            for (Slot slot : slots) {
                if (spec instanceof Sgd sgd) {
                    descend(sgd, slot, rate);
                } else {
                    adapt((Adam) spec, slot, rate, t);
                }
                if (slot.rounded() != null) {
                    copy(slot.rounded(), slot.parameter());
                }
            }
        });
    }

    /** The reference rounds nothing. */
    private static void copy(Tensor rounded, Tensor value) {
        double[] from = doubles(value);
        System.arraycopy(from, 0, doubles(rounded), 0, from.length);
    }

    @Override
    public Work round(Tensor rounded, Tensor value) {
        return Work.of(() -> copy(rounded, value));
    }

    @Override
    public Work average(List<Averaged> arrays, double decay, Clock clock) {
        return Work.of(() -> {
            if (longs(clock.fault())[0] != 0) {
                return;
            }
            double rate = (1 - decay) / (1 - Math.pow(decay, longs(clock.now())[Clock.STEP] + 1));
            for (Averaged array : arrays) {
                double[] average = doubles(array.average());
                double[] value = doubles(array.value());
                for (int i = 0; i < average.length; i++) {
                    average[i] = value[i] - (1 - rate) * (value[i] - average[i]);
                }
            }
        });
    }

    @Override
    public Work combine(Tensor out, double alpha, Tensor x, double beta, Tensor y, @Nullable Clock clock) {
        return Work.of(() -> {
            double[] to = doubles(out);
            double[] first = doubles(x);
            double[] second = doubles(y);
            for (int i = 0; i < to.length && (clock == null || longs(clock.fault())[0] == 0); i++) {
                to[i] = alpha * first[i] + beta * second[i];
            }
        });
    }

    @Override
    public Work normalize(Tensor out, Tensor x, double epsilon) {
        return Work.of(() -> {
            double[] from = doubles(x);
            double[] to = doubles(out);
            double squares = 0;
            for (double number : from) {
                squares += number * number;
            }
            for (int i = 0; i < from.length; i++) {
                to[i] = from[i] / (Math.sqrt(squares) + epsilon);
            }
        });
    }

    @Override
    public Work sign(Tensor sign, Tensor value) {
        return Work.of(() -> {
            double[] from = doubles(value);
            double[] to = doubles(sign);
            for (int i = 0; i < from.length; i++) {
                to[i] = Math.signum(from[i]);
            }
        });
    }

    private static void descend(Sgd sgd, Slot slot, double rate) {
        double[] w = doubles(slot.parameter());
        double[] gradient = doubles(slot.gradient());
        Tensor momentum = slot.first();
        for (int i = 0; i < w.length; i++) {
            double g = gradient[i] + sgd.weightDecay() * w[i];
            if (momentum != null && sgd.states() > 0) {
                double[] m = doubles(momentum);
                m[i] = sgd.momentum() * m[i] + g;
                g = m[i];
            }
            w[i] -= rate * g;
        }
    }

    private static void adapt(Adam adam, Slot slot, double rate, long t) {
        double[] w = doubles(slot.parameter());
        double[] gradient = doubles(slot.gradient());
        double[] m = doubles(Objects.requireNonNull(slot.first()));
        double[] v = doubles(Objects.requireNonNull(slot.second()));
        double firstCorrection = 1 - Math.pow(adam.beta1(), t);
        double secondCorrection = Math.sqrt(1 - Math.pow(adam.beta2(), t));
        for (int i = 0; i < w.length; i++) {
            double g = gradient[i] + (adam.decoupled() ? 0 : adam.weightDecay() * w[i]);
            w[i] -= adam.decoupled() ? rate * adam.weightDecay() * w[i] : 0;
            m[i] = adam.beta1() * m[i] + (1 - adam.beta1()) * g;
            v[i] = adam.beta2() * v[i] + (1 - adam.beta2()) * g * g;
            w[i] -= rate / firstCorrection * m[i] / (Math.sqrt(v[i]) / secondCorrection + adam.epsilon());
        }
    }
}
