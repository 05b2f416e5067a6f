package io.github.kib4j.reference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.GoldenTraining;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The reference's objectives, gradients and divisive normalization equal the authors' in double. */
final class GoldenObjectiveTest {
    /** Both sides compute in double; a gradient is a sum of a few hundred products. */
    private static final double TOLERANCE = 1e-10;

    private final Device device = Devices.open("reference", 1).device();

    @TestFactory
    Stream<DynamicTest> objectives() {
        return Stream.of("loss_fc", "loss_conv", "loss_edge_equal_rows", "loss_edge_zero_row")
                .flatMap(file -> {
                    JsonNode golden = read(file);
                    return StreamSupport.stream(golden.get("cases").spliterator(), false)
                            .filter(c -> !centresOverWidthAlone(file, c))
                            .map(c -> DynamicTest.dynamicTest(
                                    file + " " + c.get("id"), () -> objective(file, golden, c)));
                });
    }

    /** The authors' code centres an ungrouped convolution over its width alone; docs/mathematics.md, section 3.3, does not. */
    private static boolean centresOverWidthAlone(String file, JsonNode c) {
        return file.equals("loss_conv")
                && c.get("grouping").isNull()
                && c.get("center_z").asBoolean();
    }

    private void objective(String file, JsonNode golden, JsonNode c) {
        try (Scope scope = device.newScope("test")) {
            Tensor a = tensor(scope, golden.get("z"));
            ActivityOps.Spec activity =
                    new ActivityOps.Spec(Activation.IDENTITY, Pooling.NONE, grouping(c), Dropout.NONE, 0, 0);
            ActivityOps.Buffers buffers = buffers(scope, a, activity);
            device.run(device.activity().forward(buffers, a, activity, null));
            Tensor code = buffers.code() == null ? buffers.post() : buffers.code();
            Tensor du = scope.allocate(DataType.F64, code.shape());
            Tensor value = scope.allocate(DataType.F64, Shape.of(3));
            Teaching.Classes teaching = teaching(scope, golden, c);
            if (c.has("K_z")) {
                gramMatrices(c, code, teaching);
            }
            device.run(device.objective().gradient(du, value, code, teaching, spec(c), ObjectiveOps.Form.GRAM, null));
            Tensor dz = scope.allocate(DataType.F64, a.shape());
            device.run(device.activity().hebbianGradient(dz, a, buffers, du, activity));
            double[] expected = {
                c.get("loss").asDouble(),
                c.get("hsic_zz").asDouble(),
                c.get("hsic_yz").asDouble()
            };
            near(value.readDoubles(), expected, "value");
            near(withoutZeroRow(file, c, dz.readDoubles()), withoutZeroRow(file, c, doubles(c.get("dz"))), "dz");
        }
    }

    /** Both Gram matrices, up to the constant that ours leave out. */
    private static void gramMatrices(JsonNode c, Tensor code, Teaching.Classes teaching) {
        int batch = code.shape().extent(0);
        ObjectiveOps.Spec spec = spec(c);
        Codes codes = Codes.of(code, spec.centred(), spec.kernel());
        double[] theirs = doubles(c.get("K_z"));
        near(
                withFirst(codes.gramLessConstant(spec.kernel(), Estimator.PHSIC), theirs[0]),
                withFirst(theirs, theirs[0]),
                "K_z");
        int[] labels = teaching.labels().readInts();
        double[] l = new double[batch * batch];
        Arrays.setAll(l, i -> labels[i / batch] == labels[i % batch] ? teaching.same() : teaching.different());
        near(l, doubles(c.get("K_y")), "K_y");
    }

    /** Returns the matrix plus the constant that makes its first entry this one. */
    private static double[] withFirst(double[] k, double first) {
        return Arrays.stream(k).map(entry -> entry - k[0] + first).toArray();
    }

    /** With the cosine kernel the authors divide the zero row by 1e-6, where ours has gradient 0. */
    private static double[] withoutZeroRow(String file, JsonNode c, double[] dz) {
        if (file.equals("loss_edge_zero_row") && c.get("kernel_z").asText().equals("cossim")) {
            int row = dz.length / rows(c);
            Arrays.fill(dz, 2 * row, 3 * row, 0);
        }
        return dz;
    }

    private static int rows(JsonNode c) {
        return (int) Math.round(Math.sqrt(c.get("K_z").size()));
    }

    private static Grouping grouping(JsonNode c) {
        JsonNode g = c.get("grouping");
        return g.isNull()
                ? null
                : new Grouping(
                        g.get("dim").asInt(),
                        g.get("power").asDouble(),
                        g.get("delta").asDouble(),
                        0);
    }

    private static ActivityOps.Buffers buffers(Scope scope, Tensor a, ActivityOps.Spec spec) {
        Tensor post = scope.allocate(DataType.F64, a.shape());
        Tensor mask = scope.allocate(DataType.U8, a.shape());
        if (spec.grouping() == null) {
            return new ActivityOps.Buffers(post, mask, null, null, null, post);
        }
        Shape groups = Shape.of(a.shape().extent(0), spec.grouping().groups());
        return new ActivityOps.Buffers(
                post,
                mask,
                scope.allocate(DataType.F64, groups),
                scope.allocate(DataType.F64, groups),
                scope.allocate(DataType.F64, groups),
                post);
    }

    private static ObjectiveOps.Spec spec(JsonNode c) {
        Estimator estimator = c.get("mode").asText().equals("plausible") ? Estimator.PHSIC : Estimator.HSIC;
        return new ObjectiveOps.Spec(
                estimator,
                kernel(c, "z"),
                c.get("center_z").asBoolean(),
                c.get("gamma").asDouble());
    }

    private static Kernel kernel(JsonNode c, String which) {
        return switch (c.get("kernel_" + which).asText()) {
            case "cossim" -> Kernel.COSINE;
            case "lin" -> Kernel.LINEAR;
            default -> Kernel.gaussian(c.get("sigma_" + which).asDouble());
        };
    }

    private static Teaching.Classes teaching(Scope scope, JsonNode golden, JsonNode c) {
        int[] labels = Arrays.stream(doubles(golden.get("labels")))
                .mapToInt(d -> (int) d)
                .toArray();
        Tensor tensor = scope.allocate(DataType.I32, Shape.of(labels.length));
        tensor.write(labels);
        return new Teaching.Classes(
                tensor,
                golden.get("y").get("shape").get(1).asInt(),
                kernel(c, "y"),
                c.get("center_labels").asBoolean());
    }

    @TestFactory
    Stream<DynamicTest> divisiveNormalizations() {
        return StreamSupport.stream(read("divnorm").get("cases").spliterator(), false)
                .map(c -> DynamicTest.dynamicTest("divnorm " + c.get("id"), () -> divisiveNormalization(c)));
    }

    private void divisiveNormalization(JsonNode c) {
        try (Scope scope = device.newScope("test")) {
            Tensor x = tensor(scope, c.get("x"));
            Grouping grouping = new Grouping(
                    c.get("dim").asInt(),
                    0.5,
                    c.get("delta").asDouble(),
                    c.get("power").asDouble());
            ActivityOps.Spec spec =
                    new ActivityOps.Spec(Activation.IDENTITY, Pooling.NONE, grouping, Dropout.NONE, 0, 0);
            ActivityOps.Buffers buffers = buffers(scope, x, spec);
            device.run(device.activity().forward(buffers, x, spec, null));
            near(buffers.post().readDoubles(), doubles(c.get("out").get("data")), "out");
            Tensor dx = scope.allocate(DataType.F64, x.shape());
            device.run(device.activity().outputGradient(dx, x, buffers, tensor(scope, c.get("upstream")), spec, null));
            near(dx.readDoubles(), doubles(c.get("dx").get("data")), "dx");
        }
    }

    private static JsonNode read(String file) {
        try (InputStream in = GoldenTraining.class.getResourceAsStream("golden/" + file + ".json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Tensor tensor(Scope scope, JsonNode array) {
        int[] extents = Arrays.stream(doubles(array.get("shape")))
                .mapToInt(d -> (int) d)
                .toArray();
        Tensor tensor = scope.allocate(DataType.F64, Shape.of(extents));
        tensor.write(doubles(array.get("data")));
        return tensor;
    }

    private static double[] doubles(JsonNode list) {
        double[] values = new double[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i).asDouble();
        }
        return values;
    }

    private static void near(double[] actual, double[] expected, String what) {
        double scale = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(Math.abs(actual[i] - expected[i]))
                    .as(what + "[" + i + "] = " + actual[i] + ", theirs " + expected[i])
                    .isLessThanOrEqualTo(TOLERANCE * scale);
        }
    }
}
