package io.github.kib4j.testkit;

import static java.util.Map.entry;
import static java.util.Objects.requireNonNull;

import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Cells;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.OperationCase.Setup;
import io.github.kib4j.testkit.Recorder.Call;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Of which loss an operation computes gradients, said once for each operation and taken from the call that plans a case. */
final class Derivatives {
    /** Operations that compute no gradient. */
    static final Map<String, String> NONE = Map.ofEntries(
            entry("linear.forward", "differences are taken of it"),
            entry("convolution.forward", "differences are taken of it"),
            entry("batchNorm.forward", "differences are taken of it"),
            entry("batchNorm.inference", "no training step differentiates it"),
            entry("activity.forward", "differences are taken of it"),
            entry("cells.codes", "differences are taken of it"),
            entry("gram.dependence", "a number to look at"),
            entry("gram.sums", "differences are taken of it"),
            entry("gram.forms", "numbers to look at"),
            entry("gram.shuffled", "numbers to look at"),
            entry("gram.matrix", "numbers to look at"),
            entry("objective.codeStatistics", "half of a gradient: objective.gradientFromStatistics is the whole"),
            entry("optimizer.step", "uses gradients"),
            entry("optimizer.average", "uses parameters"),
            entry("optimizer.combine", "uses gradients"),
            entry("optimizer.normalize", "uses gradients"),
            entry("optimizer.round", "a step function"),
            entry("optimizer.sign", "a step function"),
            entry("readout.averagePool", "differences are taken of it"),
            entry("readout.add", "a sum"),
            entry("batch.images", "of bytes"),
            entry("batch.mix", "of images, which nothing learns"),
            entry("batch.mixLabels", "of labels, which nothing learns"),
            entry("random.uniform", "of nothing"),
            entry("batch.rows", "a copy"),
            entry("random.advance", "counts"));

    /** Cases of the other operations without a gradient to look at: how their names end. */
    private static final Map<String, String> CASES = Map.of(
            "loss alone",
            "asks for no gradient",
            "an infinite logit is a fault",
            "asks for no gradient",
            "meters over 5,000 steps",
            "asks for no gradient",
            "a loss that is not finite is a fault",
            "the loss is no number",
            "ungrouped image codes " + Kernel.gaussian(1.5),
            "samples so far apart that the loss stays the same in double");

    private static final Map<String, Rule> RULES = Map.ofEntries(
            entry("linear.weightGradient", Derivatives::weights),
            entry("linear.dataGradient", Derivatives::data),
            entry("convolution.weightGradient", Derivatives::weights),
            entry("convolution.dataGradient", Derivatives::data),
            entry("batchNorm.gradient", Derivatives::batchNorm),
            entry("activity.hebbianGradient", Derivatives::code),
            entry("activity.outputGradient", Derivatives::sent),
            entry("cells.gradient", Derivatives::cells),
            entry("gram.gradient", Derivatives::gram),
            entry("objective.gradient", Derivatives::objective),
            entry("objective.gradientFromStatistics", Derivatives::objectiveFromStatistics),
            entry("readout.crossEntropy", Derivatives::crossEntropy),
            entry("readout.averagePoolGradient", Derivatives::averagePool));

    private Derivatives() {}

    private interface Rule {
        @Nullable
        Derivative of(Arguments in, Setup t);
    }

    /**
     * Gradients, and the loss {@code sum_i weights[i] output[i]} they are of, over the numbers of all outputs.
     *
     * @param pairs what has to be the gradient of what
     * @param forward what computes the output
     * @param outputs what the loss weighs; 0 before
     * @param weights one for each number of the outputs
     */
    @SuppressWarnings("ArrayRecordComponent") // is not compared
    record Derivative(List<Pair> pairs, List<Operation> forward, List<Tensor> outputs, double[] weights) {
        static Derivative of(List<Pair> pairs, Operation forward, Tensor output, Tensor weights) {
            return new Derivative(pairs, List.of(forward), List.of(output), weights.readDoubles());
        }

        double[] output(Device device, Tensor variable, double[] numbers) {
            variable.write(numbers);
            outputs.forEach(
                    output -> output.write(new double[(int) output.shape().size()]));
            OperationCase.run(device, forward);
            return outputs.stream()
                    .flatMapToDouble(output -> Arrays.stream(output.readDoubles()))
                    .toArray();
        }
    }

    /** A gradient and what it is with respect to. */
    record Pair(Tensor gradient, Tensor variable) {}

    /** A call's arguments by place and type. */
    private record Arguments(Call call) {
        <T> @Nullable T find(int i, Class<T> type) {
            return type.cast(call.arguments()[i]);
        }

        <T> T get(int i, Class<T> type) {
            return requireNonNull(find(i, type));
        }

        Tensor tensor(int i) {
            return get(i, Tensor.class);
        }
    }

    static boolean exist(OperationCase c) {
        return RULES.containsKey(c.operation()) && CASES.keySet().stream().noneMatch(c.name()::endsWith);
    }

    /** Returns what a call computes gradients of; null if of nothing. */
    @Nullable
    static Derivative of(Call call, Setup t) {
        Rule rule = RULES.get(call.operation());
        return rule == null ? null : rule.of(new Arguments(call), t);
    }

    private static Derivative weights(Arguments in, Setup t) {
        Tensor dw = in.tensor(0);
        Tensor dbias = in.find(1, Tensor.class);
        Tensor dy = in.tensor(2);
        Tensor w = random(t, dw);
        Tensor bias = dbias == null ? null : random(t, dbias);
        Tensor y = random(t, dy);
        List<Pair> pairs = dbias == null || bias == null
                ? List.of(new Pair(dw, w))
                : List.of(new Pair(dw, w), new Pair(dbias, bias));
        return Derivative.of(
                pairs, t.device().product().forward(y, in.tensor(3), w, bias, in.get(4, Geometry.class)), y, dy);
    }

    private static Derivative data(Arguments in, Setup t) {
        Tensor dx = in.tensor(0);
        Tensor dy = in.tensor(1);
        Tensor x = random(t, dx);
        Tensor y = random(t, dy);
        return Derivative.of(
                List.of(new Pair(dx, x)),
                t.device().product().forward(y, x, in.tensor(2), null, in.get(3, Geometry.class)),
                y,
                dy);
    }

    private static Tensor random(Setup t, Tensor like) {
        return t.randomSingle(extents(like.shape()));
    }

    static int[] extents(Shape shape) {
        return IntStream.range(0, shape.rank()).map(shape::extent).toArray();
    }

    private static Derivative batchNorm(Arguments in, Setup t) {
        Tensor dy = in.tensor(3);
        Tensor a = in.tensor(4);
        BatchNormOps.Parameters own = in.get(5, BatchNormOps.Parameters.class);
        BatchNormOps.Parameters parameters = new BatchNormOps.Parameters(
                own.scale(), own.shift(), random(t, own.runningMean()), random(t, own.runningVariance()));
        Tensor y = random(t, dy);
        int channels = own.scale().shape().extent(0);
        BatchNormOps.Saved saved = new BatchNormOps.Saved(t.wide(channels), t.wide(channels));
        return Derivative.of(
                List.of(
                        new Pair(in.tensor(0), a),
                        new Pair(in.tensor(1), own.scale()),
                        new Pair(in.tensor(2), own.shift())),
                t.device().batchNorm().forward(y, saved, a, parameters),
                y,
                dy);
    }

    /** Of {@code du u}. */
    private static Derivative code(Arguments in, Setup t) {
        ActivityOps.Buffers out = in.get(2, ActivityOps.Buffers.class);
        Tensor code = out.code() == null ? out.post() : out.code();
        return activity(in, t, code, in.get(4, ActivityOps.Spec.class), t.clock(5, 1, 0));
    }

    /** Of {@code dsent sent}. */
    private static Derivative sent(Arguments in, Setup t) {
        Tensor sent = in.get(2, ActivityOps.Buffers.class).sent();
        return activity(in, t, sent, in.get(4, ActivityOps.Spec.class), in.find(5, Clock.class));
    }

    private static Derivative activity(
            Arguments in, Setup t, Tensor output, ActivityOps.Spec spec, @Nullable Clock clock) {
        Tensor a = in.tensor(1);
        ActivityOps.Buffers out = in.get(2, ActivityOps.Buffers.class);
        return Derivative.of(
                List.of(new Pair(in.tensor(0), a)),
                t.device().activity().forward(out, a, spec, clock),
                output,
                in.tensor(3));
    }

    /** Of {@code du u}. */
    private static Derivative cells(Arguments in, Setup t) {
        Tensor z = in.tensor(1);
        Tensor u = random(t, in.tensor(4));
        return Derivative.of(
                List.of(new Pair(in.tensor(0), z)),
                t.device().cells().codes(u, in.tensor(2), in.tensor(3), z, in.get(5, Cells.class)),
                u,
                in.tensor(4));
    }

    private static Derivative objective(Arguments in, Setup t) {
        Tensor u = in.tensor(2);
        return value(
                in,
                t,
                u,
                (du, value) -> List.of(t.device()
                        .objective()
                        .gradient(
                                du,
                                value,
                                u,
                                in.get(3, Teaching.class),
                                in.get(4, ObjectiveOps.Spec.class),
                                in.get(5, ObjectiveOps.Form.class),
                                null)));
    }

    private static Derivative objectiveFromStatistics(Arguments in, Setup t) {
        ObjectiveOps<Operation> ops = t.device().objective();
        Tensor u = in.tensor(2);
        Teaching teaching = in.get(3, Teaching.class);
        ObjectiveOps.Statistics sums = in.get(4, ObjectiveOps.Statistics.class);
        ObjectiveOps.Spec spec = in.get(5, ObjectiveOps.Spec.class);
        return value(
                in,
                t,
                u,
                (du, value) -> List.of(
                        ops.codeStatistics(sums, u, teaching, spec),
                        ops.gradientFromStatistics(du, value, u, teaching, sums, spec, null)));
    }

    /** Of the function of sums over pairs whose derivatives with respect to Gram matrices were given. */
    private static Derivative gram(Arguments in, Setup t) {
        GramOps.Samples x = in.get(1, GramOps.Samples.class);
        List<GramOps.Samples> variables = new ArrayList<>(List.of(x));
        for (Object other : in.get(2, List.class)) {
            variables.add((GramOps.Samples) other);
        }
        int count = variables.size();
        int n = x.values().shape().extent(0);
        List<Tensor> sums = List.of(t.wide(1 + count), t.wide(count, n), t.wide(count, n));
        double[] scales = in.tensor(3).readDoubles();
        double[] w = in.tensor(4).readDoubles();
        double[] weights = new double[1 + count + 2 * count * n];
        weights[0] = scales[0];
        weights[1] = scales[1] / 2; // of squares
        for (int i = 0; i < n; i++) {
            weights[1 + count + i] = 2 * w[i]; // of K_ij and of K_ji
            weights[1 + count + count * n + i] = w[n + i];
        }
        return new Derivative(
                List.of(new Pair(in.tensor(0), x.values())),
                List.of(t.device().gram().sums(sums.get(0), sums.get(1), sums.get(2), variables)),
                sums,
                weights);
    }

    /** Of the first of an objective's three values. */
    private static Derivative value(
            Arguments in, Setup t, Tensor u, BiFunction<Tensor, Tensor, List<Operation>> forward) {
        Tensor value = t.wide(3);
        List<Operation> planned = forward.apply(random(t, u), value);
        return new Derivative(List.of(new Pair(in.tensor(0), u)), planned, List.of(value), new double[] {1, 0, 0});
    }

    private static @Nullable Derivative crossEntropy(Arguments in, Setup t) {
        Tensor dy = in.find(0, Tensor.class);
        Tensor y = in.tensor(1);
        Tensor sums = t.wide(2);
        Meter meter = new Meter(sums, 0, t.clock(0, 0, 0));
        List<Operation> forward = List.of(t.device()
                .readout()
                .crossEntropy(null, y, in.tensor(2), in.get(3, Double.class), in.find(4, Tensor.class), meter));
        double perSample = 1.0 / y.shape().extent(0);
        return dy == null
                ? null
                : new Derivative(List.of(new Pair(dy, y)), forward, List.of(sums), new double[] {perSample, 0});
    }

    private static Derivative averagePool(Arguments in, Setup t) {
        Tensor dx = in.tensor(0);
        Tensor dy = in.tensor(1);
        Tensor x = random(t, dx);
        Tensor y = random(t, dy);
        return Derivative.of(List.of(new Pair(dx, x)), t.device().readout().averagePool(y, x), y, dy);
    }
}
