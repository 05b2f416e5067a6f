package io.github.kib4j.objective;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.GoldenTraining;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Layer-wise classification's loss and gradients equal the authors' in double, also where windows of the pooling overlap. */
final class GoldenClassificationTest {
    private static final double TOLERANCE = 1e-12;

    @TestFactory
    Stream<DynamicTest> lossAndGradients() {
        JsonNode golden = GoldenTraining.read("local_cross_entropy");
        return StreamSupport.stream(golden.get("cases").spliterator(), false)
                .map(c -> DynamicTest.dynamicTest("case " + c.get("id"), () -> compare(c)));
    }

    private static void compare(JsonNode c) {
        try (Device device = Devices.open("reference", 1).device();
                Scope scope = device.newScope("test")) {
            int[] extents = integers(c.get("z").get("shape"));
            int[] labels = integers(c.get("labels"));
            int classes = c.get("weight").get("shape").get(0).asInt();
            Shape z = Shape.of(extents);
            LocalClassification kind =
                    new LocalClassification(classes, c.get("projection_size").asInt(), Feedback.Kind.EXACT);
            Shape activity = z.rank() == 2 ? Shape.of(extents[1]) : Shape.of(extents[1], extents[2], extents[3]);
            if (!c.get("pooled_hw").isNull()) {
                int[] windows = integers(c.get("pooled_hw"));
                assertThat(ReadoutOps.pooled("It", activity, kind.features()))
                        .isEqualTo(Shape.of(extents[1], windows[0], windows[1]));
            }
            Objective objective = kind.bind(new Objective.Place(
                    device,
                    scope,
                    0,
                    activity,
                    null,
                    Precision.F32,
                    1,
                    TeachingSignals.classes(classes, Kernel.COSINE, true)));
            objective.parameters().get(0).value().write(doubles(c.get("weight")));
            objective.parameters().get(1).value().write(doubles(c.get("bias")));
            Tensor code = scope.allocate(DataType.F64, z);
            code.write(doubles(c.get("z")));
            Tensor targets = scope.allocate(DataType.I32, Shape.of(labels.length));
            targets.write(labels);
            Workspace workspace = device.newWorkspace(scope);
            Gradients gradients = new Gradients(workspace);
            Tensor sums = scope.allocate(DataType.F64, Shape.of(1));
            Objective.Planned planned = objective.plan(
                    workspace,
                    gradients,
                    code,
                    new Teaching.Classes(targets, classes, Kernel.COSINE, true),
                    Exchange.NONE,
                    new Meter(sums, 0, Clock.allocate(scope)));
            workspace.keep(planned.du());
            for (Parameter parameter : objective.parameters()) {
                workspace.keep(gradients.of(parameter));
            }
            device.compile(
                            workspace,
                            planned.operations().stream()
                                    .map(operation -> Step.main(Phase.OBJECTIVE, operation))
                                    .toList())
                    .run();
            near(
                    new double[] {sums.readDoubles()[0] / labels.length},
                    new double[] {c.get("loss").asDouble()});
            near(planned.du().readDoubles(), doubles(c.get("dz")));
            near(gradients.of(objective.parameters().get(0)).readDoubles(), doubles(c.get("dweight")));
            near(gradients.of(objective.parameters().get(1)).readDoubles(), doubles(c.get("dbias")));
        }
    }

    private static void near(double[] ours, double[] theirs) {
        assertThat(ours).containsExactly(theirs, Offset.offset(TOLERANCE));
    }

    private static double[] doubles(JsonNode array) {
        JsonNode list = array.path("data").isMissingNode() ? array : array.get("data");
        return StreamSupport.stream(list.spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    private static int[] integers(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
