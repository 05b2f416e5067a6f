package io.github.kib4j.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ThreeFactors;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** pHSIC pair by pair is pHSIC of the batch, in double; the same where the batch is what is kept of earlier samples. */
final class HebbianPairsTest {
    private static final int B = 9;
    private static final int G = 6;
    private static final int M = 3;
    private static final double GAMMA = 1.7;
    /** So many earlier samples that one more changes no mean in the digits compared; whole batches, and exactly countable. */
    private static final double MANY = 1e14 * B;

    private static final double TOLERANCE = 1e-12;

    private final Device device = Devices.open("reference", 1).device();
    private final Scope scope = device.newScope("test");
    private final Random random = new Random(11);
    private final Tensor u = numbers(B, G);
    private final Tensor labels = labels();

    @AfterEach
    void close() {
        scope.close();
        device.close();
    }

    private Tensor numbers(int... extents) {
        Tensor tensor = scope.allocate(DataType.F64, Shape.of(extents));
        tensor.write(random.doubles(tensor.shape().size(), -1, 1).toArray());
        return tensor;
    }

    private Tensor labels() {
        Tensor tensor = scope.allocate(DataType.I32, Shape.of(B));
        tensor.write(random.ints(B, 0, M).toArray());
        return tensor;
    }

    /** What a batch is taught by, and the signal that says how wide it is. */
    private record Signal(Teaching teaching, TeachingSignal signal) {}

    private List<Signal> signals() {
        Kernel gaussian = Kernel.gaussian(0.8);
        Tensor targets = numbers(B, M);
        List<Signal> signals = new ArrayList<>();
        for (Kernel kernel : List.of(Kernel.COSINE, Kernel.LINEAR, gaussian)) {
            for (boolean centred : new boolean[] {true, false}) {
                signals.add(new Signal(
                        new Teaching.Classes(labels, M, kernel, centred), TeachingSignals.classes(M, kernel, centred)));
                signals.add(new Signal(
                        new Teaching.Targets(targets, kernel, centred),
                        TeachingSignals.targets(M, i -> new double[M], kernel, centred)));
            }
        }
        return signals;
    }

    private interface Case {
        void compare(Kernel kernel, boolean centred, Signal signal);
    }

    private Stream<DynamicTest> each(Case compared) {
        return Stream.of(Kernel.COSINE, Kernel.LINEAR, Kernel.gaussian(1.3), Kernel.gaussian(3, 0.4))
                .flatMap(kernel -> Stream.of(true, false)
                        .flatMap(centred -> signals().stream()
                                .map(signal -> DynamicTest.dynamicTest(
                                        kernel + (centred ? ", centred, " : ", ") + signal.teaching(),
                                        () -> compared.compare(kernel, centred, signal)))));
    }

    /** The third factor, and the loss. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Learned(double[] du, double loss) {
        void isNear(Learned other, double scale) {
            double norm = Math.sqrt(Arrays.stream(other.du).map(x -> x * x).sum());
            for (int i = 0; i < du.length; i++) {
                assertThat(scale * du[i]).isCloseTo(other.du[i], Offset.offset(TOLERANCE * norm));
            }
            assertThat(loss).isCloseTo(other.loss, Offset.offset(TOLERANCE));
        }
    }

    private Objective bind(Objective.Kind kind, Signal signal) {
        return kind.bind(new Objective.Place(device, scope, 0, Shape.of(G), null, Precision.F32, 1, signal.signal()));
    }

    private Learned learn(Objective objective, Tensor codes, Teaching teaching) {
        Workspace workspace = device.newWorkspace(scope);
        Tensor sums = scope.allocate(DataType.F64, Shape.of(1));
        Objective.Planned planned = objective.plan(
                workspace,
                new Gradients(workspace),
                codes,
                teaching,
                Exchange.NONE,
                new Meter(sums, 0, Clock.allocate(scope)));
        workspace.keep(planned.du());
        run(workspace, planned.operations());
        return new Learned(
                planned.du().readDoubles(),
                sums.readDoubles()[0] / codes.shape().extent(0));
    }

    private void run(Workspace workspace, List<Operation> operations) {
        device.compile(
                        workspace,
                        operations.stream()
                                .map(o -> Step.main(Phase.OBJECTIVE, o))
                                .toList())
                .run();
    }

    private Learned phsic(Kernel kernel, boolean centred, Signal signal) {
        ObjectiveOps.Spec spec = new ObjectiveOps.Spec(Estimator.PHSIC, kernel, centred, GAMMA);
        return learn(bind(LocalObjective.of(spec), signal), u, signal.teaching());
    }

    @TestFactory
    Stream<DynamicTest> allPairsOfABatchAreItsGradient() {
        return each((kernel, centred, signal) -> {
            HebbianPairs pairs = new HebbianPairs(kernel, centred, GAMMA, new PairMemory.Batch());
            learn(bind(pairs, signal), u, signal.teaching()).isNear(phsic(kernel, centred, signal), 1);
        });
    }

    /** The kept samples are the batch, the means those of its pairs: each sample's part is as in the batch. */
    @TestFactory
    Stream<DynamicTest> theLastSamplesAreAsGoodAsABatch() {
        return each((kernel, centred, signal) -> {
            HebbianPairs pairs = new HebbianPairs(kernel, centred, GAMMA, new PairMemory.Last(B, 1e-300));
            Objective objective = bind(pairs, signal);
            PairCodes codes = new PairCodes(u, kernel, centred);
            PairTeaching teaching = new PairTeaching(signal.teaching());
            double[] state = {MANY, 0, 0};
            for (int i = 0; i < B; i++) {
                for (int j = 0; j < B; j++) {
                    state[1] += codes.similarity(i, codes.compared(), j) / (B * B);
                    state[2] += teaching.similarity(i, teaching.rows(), j) / (B * B);
                }
            }
            Map<String, Tensor> kept = objective.kept();
            kept.get("hidden_layers.0.pairs.state").write(state);
            kept.get("hidden_layers.0.pairs.codes").write(codes.compared());
            kept.get("hidden_layers.0.pairs.wanted").write(Arrays.copyOf(teaching.rows(), B * M));
            learn(objective, u, signal.teaching()).isNear(phsic(kernel, centred, signal), 1);
        });
    }

    /** The averages are those of the batch: each sample's part is as in the batch, and no sample is kept. */
    @TestFactory
    Stream<DynamicTest> averagesAreAsGoodAsABatch() {
        return each((kernel, centred, signal) -> {
            if (kernel.kind() == Kernel.Kind.GAUSSIAN) {
                assertThatThrownBy(() -> new HebbianPairs(kernel, centred, GAMMA, new PairMemory.Averages(0.1)))
                        .isInstanceOf(RefusedException.class)
                        .hasMessageContaining("compare with the last samples instead");
                return;
            }
            Objective objective =
                    bind(new HebbianPairs(kernel, centred, GAMMA, new PairMemory.Averages(1e-300)), signal);
            if (signal.teaching() instanceof Teaching.Targets t && t.kernel().kind() == Kernel.Kind.GAUSSIAN) {
                assertThatThrownBy(() -> learn(objective, u, signal.teaching()))
                        .isInstanceOf(RefusedException.class)
                        .hasMessageContaining("target vectors, but not the Gaussian one");
                return;
            }
            PairCodes codes = new PairCodes(u, kernel, centred);
            PairTeaching teaching = new PairTeaching(signal.teaching());
            double[] mean = new double[G];
            double[] products = new double[G * G];
            double[] wanted = new double[M];
            double[] both = new double[M * G];
            for (int i = 0; i < B; i++) {
                double[] y = teaching.features(i, M);
                for (int k = 0; k < G; k++) {
                    double v = codes.compared()[i * G + k];
                    mean[k] += v / B;
                    for (int l = 0; l < G; l++) {
                        products[k * G + l] += v * codes.compared()[i * G + l] / B;
                    }
                    for (int m = 0; m < M; m++) {
                        both[m * G + k] += y[m] * v / B;
                    }
                }
                for (int m = 0; m < M; m++) {
                    wanted[m] += y[m] / B;
                }
            }
            Map<String, Tensor> kept = objective.kept();
            kept.get("hidden_layers.0.pairs.seen").write(new double[] {MANY});
            kept.get("hidden_layers.0.pairs.codes").write(mean);
            kept.get("hidden_layers.0.pairs.products").write(products);
            kept.get("hidden_layers.0.pairs.wanted").write(wanted);
            kept.get("hidden_layers.0.pairs.teaching_products").write(both);
            learn(objective, u, signal.teaching()).isNear(phsic(kernel, centred, signal), 1);
        });
    }

    @Test
    void aBatchIsNoMoreThanItsSamplesOneByOneWithTheWeightsOfItsStart() {
        Signal signal = signals().get(0);
        for (PairMemory memory : List.of(new PairMemory.Last(3, 0.1), new PairMemory.Averages(0.1))) {
            HebbianPairs pairs = new HebbianPairs(Kernel.COSINE, true, GAMMA, memory);
            Objective whole = bind(pairs, signal);
            Learned once = learn(whole, u, signal.teaching());
            Objective single = bind(pairs, signal);
            double[] rows = u.readDoubles();
            int[] classes = labels.readInts();
            for (int i = 0; i < B; i++) {
                Tensor row = scope.allocate(DataType.F64, Shape.of(1, G));
                row.write(Arrays.copyOfRange(rows, i * G, (i + 1) * G));
                Tensor label = scope.allocate(DataType.I32, Shape.of(1));
                label.write(new int[] {classes[i]});
                double[] du = learn(single, row, new Teaching.Classes(label, M, Kernel.COSINE, true))
                        .du();
                for (int k = 0; k < G; k++) {
                    assertThat(du[k] / B).isCloseTo(once.du()[i * G + k], Offset.offset(1e-15));
                }
            }
            single.kept()
                    .forEach((name, tensor) -> assertThat(tensor.readDoubles())
                            .isEqualTo(Objects.requireNonNull(whole.kept().get(name))
                                    .readDoubles()));
            assertThat(single.kept().values().stream().mapToLong(Tensor::bytes).sum())
                    .as("what is kept does not know of batches")
                    .isLessThan(8L * (3 + 3 * (G + M) + G * G + G + M * G + M + 1));
        }
    }

    @Test
    void aSimilarityOfABatchTeachesItsPairsAlone() {
        Tensor similarity = scope.allocate(DataType.F64, Shape.of(B, B));
        double[] l = new double[B * B];
        for (int i = 0; i < B; i++) {
            for (int j = 0; j <= i; j++) {
                l[i * B + j] = l[j * B + i] = random.nextDouble();
            }
        }
        similarity.write(l);
        Signal signal = new Signal(new Teaching.Similarity(similarity), TeachingSignals.similarity((i, j) -> 0));
        HebbianPairs pairs = new HebbianPairs(Kernel.COSINE, true, GAMMA, new PairMemory.Batch());
        learn(bind(pairs, signal), u, signal.teaching()).isNear(phsic(Kernel.COSINE, true, signal), 1);
        Objective online = bind(new HebbianPairs(Kernel.COSINE, true, GAMMA, new PairMemory.Last(1, 0.1)), signal);
        assertThatThrownBy(() -> learn(online, u, signal.teaching()))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("says nothing of earlier ones");
    }

    /** Of one sample after the other, the products of pre, post and third factor add up to the weights' gradient. */
    @ParameterizedTest
    @EnumSource(Activation.class)
    void threeFactorsMultiplyToTheGradient(Activation activation) {
        for (Grouping grouping : Arrays.asList(
                null, new Grouping(G, 0.5, 1, 0), new Grouping(G, 0.8, 1, 0.2), new Grouping(G, 0.6, 0.5, 0.3))) {
            LayerSpec layer = LayerSpec.linear(4 * G).withActivation(activation).withGrouping(grouping);
            NetworkSpec spec = new NetworkSpec(Shape.of(5), List.of(layer), M);
            Network network = new Network(device, scope, spec, Precision.F32, 3).initialize();
            Tensor x = numbers(B, 5);
            Workspace workspace = device.newWorkspace(scope);
            Gradients gradients = new Gradients(workspace);
            LayerPass pass = network.passes(x, workspace, LayerPass.Use.TRAINING, Clock.allocate(scope))
                    .get(0);
            Parameter weight = network.hidden().get(0).parameters().get(0);
            List<Operation> operations = new ArrayList<>(pass.forward());
            HebbianPairs pairs = new HebbianPairs(Kernel.COSINE, true, GAMMA, new PairMemory.Batch());
            Objective objective = pairs.bind(new Objective.Place(
                    device,
                    scope,
                    0,
                    network.hidden().get(0).code(),
                    network.hidden().get(0).spec().grouping(),
                    Precision.F32,
                    1,
                    TeachingSignals.classes(M, Kernel.COSINE, true)));
            Teaching teaching = new Teaching.Classes(labels, M, Kernel.COSINE, true);
            Objective.Planned planned =
                    objective.plan(workspace, gradients, pass.code(), teaching, Exchange.NONE, null);
            operations.addAll(planned.operations());
            operations.addAll(pass.localGradient(planned.du(), gradients));
            workspace.keep(planned.du());
            workspace.keep(gradients.of(weight));
            run(workspace, operations);
            double[] sum = new double[4 * G * 5];
            int width = planned.du().shape().rowSize();
            for (int b = 0; b < B; b++) {
                ThreeFactors factors = ThreeFactors.of(
                        layer,
                        weight.value().readDoubles(),
                        Arrays.copyOfRange(x.readDoubles(), 5 * b, 5 * b + 5),
                        Arrays.copyOfRange(planned.du().readDoubles(), width * b, width * (b + 1)));
                double[] product = factors.product();
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += product[i];
                }
            }
            double norm = Math.sqrt(Arrays.stream(sum).map(s -> s * s).sum());
            assertThat(norm).isPositive();
            assertThat(sum)
                    .as(activation + ", " + grouping)
                    .containsExactly(gradients.of(weight).readDoubles(), Offset.offset(1e-13 * norm));
        }
    }
}
