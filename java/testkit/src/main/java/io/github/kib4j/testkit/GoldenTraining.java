package io.github.kib4j.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.layer.HiddenLayer;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.objective.LocalClassification;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.objective.TrainingSet;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.optimizer.Optimizer;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.BoundRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.Optimizers;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.rule.StepContext;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Repeats the authors' recorded training steps on any device and says how far each tensor is from theirs. */
public final class GoldenTraining {
    /** The recorded trainings whose rules exist. */
    public static final List<String> NAMES = List.of(
            "train_phsic_cossim_divnorm",
            "train_phsic_cossim_grp",
            "train_phsic_adamw_bn",
            "train_backprop_divnorm",
            "train_layerce",
            "train_feedback_alignment_divnorm",
            "train_sign_symmetry_divnorm",
            "train_sign_symmetry_adamw_bn");

    private final JsonNode golden;
    private final JsonNode config;
    private final Map<String, Double> errors = new LinkedHashMap<>();

    private GoldenTraining(JsonNode golden) {
        this.golden = golden;
        config = golden.get("config");
    }

    /**
     * Trains and compares.
     *
     * @param name one of {@link #NAMES}
     * @param device where; its tensors are gone when this returns
     * @param precision of activations
     * @return for each compared tensor {@code |ours - theirs| / |theirs|}, Euclidean norms
     */
    public static Map<String, Double> errors(String name, Device device, Precision precision) {
        return errors(read(name), device, precision);
    }

    /**
     * Returns what was recorded.
     *
     * @param name of a file among the resources
     * @return settings, first weights, and what the authors' implementation had in each step
     */
    public static JsonNode read(String name) {
        try (InputStream in = GoldenTraining.class.getResourceAsStream("golden/" + name + ".json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /**
     * Trains as a record says, and compares.
     *
     * @param golden what was recorded
     * @param device where; its tensors are gone when this returns
     * @param precision of activations
     * @return for each compared tensor {@code |ours - theirs| / |theirs|}, Euclidean norms
     * @throws IllegalArgumentException if the record has a setting that this helper does not know
     */
    public static Map<String, Double> errors(JsonNode golden, Device device, Precision precision) {
        try (Scope scope = device.newScope("test")) {
            GoldenTraining training = new GoldenTraining(golden);
            training.run(device, scope, precision);
            return training.errors;
        }
    }

    private void run(Device device, Scope scope, Precision precision) {
        int batch = config.get("batch").asInt();
        Clock clock = Clock.allocate(scope);
        Network network = new Network(device, scope, spec(), precision, 0).initialize();
        Optimizers optimizers = new Optimizers(
                new Optimizer(device, scope, optimizer("local"), clock, 1),
                new Optimizer(device, scope, optimizer("final"), clock, 1));
        Rule rule = rule();
        BoundRule bound = rule.bind(network, optimizers, scope, TrainingSet.sized(batch, batch));
        List<Parameter> parameters = new ArrayList<>(network.parameters());
        parameters.addAll(bound.parameters());
        writeState(network, parameters, golden.get("initial"), golden.path("bn_buffers_initial"));
        Tensor x =
                scope.allocate(precision.activations(), network.spec().input().prepend(batch));
        Tensor labels = scope.allocate(DataType.I32, Shape.of(batch));
        int layers = network.hidden().size();
        Tensor sums = scope.allocate(DataType.F64, Shape.of(layers + 2));
        Tensor order = scope.allocate(DataType.I32, Shape.of(batch));
        Workspace workspace = device.newWorkspace(scope);
        Gradients gradients = new Gradients(workspace);
        List<Step> planned = bound.plan(
                new StepContext(workspace, gradients, x, labels, 0, null, order, clock, sums, Exchange.NONE));
        parameters.removeIf(parameter -> parameter.name().endsWith("_backward")); // fixed
        parameters.forEach(parameter -> workspace.keep(gradients.of(parameter)));
        Tensor logits = workspace.keep(logits(planned));
        Program program = device.compile(workspace, planned);
        int milestone = config.get("scheduler").get("milestones").get(0).asInt();
        for (JsonNode step : golden.get("steps")) {
            double factor = step.get("step").asInt() <= milestone
                    ? 1
                    : config.get("scheduler").get("gamma").asDouble();
            optimizers.local().setFactors(factor);
            optimizers.readout().setFactors(factor);
            sums.write(new double[layers + 2]);
            x.write(doubles(step.get("x")));
            labels.write(Arrays.stream(doubles(step.get("labels")))
                    .mapToInt(d -> (int) d)
                    .toArray());
            program.run();
            device.run(device.random().advance(clock, batch));
            compareStep(step, network, parameters, gradients, logits, sums.readDoubles(), batch, rule.hasLocalLosses());
        }
        compareEvaluation(network, device.newWorkspace(scope), x);
    }

    /** Returns what the readout's loss is computed from. */
    private static Tensor logits(List<Step> steps) {
        return steps.stream()
                .map(Step::operation)
                .filter(operation -> operation.name().equals("readout.crossEntropy"))
                .reduce((local, last) -> last)
                .orElseThrow()
                .reads()
                .get(0);
    }

    private void compareStep(
            JsonNode step,
            Network network,
            List<Parameter> parameters,
            Gradients gradients,
            Tensor logits,
            double[] sums,
            int batch,
            boolean localLosses) {
        String prefix = "step " + step.get("step").asInt() + " ";
        int layers = network.hidden().size();
        compare(prefix + "logits", step.get("logits"), logits.readDoubles());
        for (int i = 0; localLosses && i < layers; i++) {
            compare(prefix + "local loss " + i, step.get("local_losses").get(i), sums[i] / batch);
        }
        compare(prefix + "readout loss", step.get("final_loss"), sums[layers] / batch);
        for (Parameter parameter : parameters) {
            compare(
                    prefix + parameter.name(),
                    step.get("weights").get(parameter.name()),
                    parameter.value().readDoubles());
            if (step.has("grads")) {
                compare(
                        prefix + "gradient " + parameter.name(),
                        step.get("grads").get(parameter.name()),
                        gradients.of(parameter).readDoubles());
            }
        }
        for (HiddenLayer layer : network.hidden()) {
            layer.runningStatistics()
                    .forEach((name, running) ->
                            compare(prefix + name, step.get("bn_buffers").get(name), running.readDoubles()));
        }
    }

    private void compareEvaluation(Network network, Workspace workspace, Tensor x) {
        List<LayerPass> passes = network.passes(x, workspace, LayerPass.Use.INFERENCE, null);
        List<Operation> operations = new ArrayList<>();
        passes.forEach(pass -> operations.addAll(pass.forward()));
        ReadoutPass readout = network.readoutPass(passes, workspace);
        operations.addAll(readout.forward());
        workspace.keep(readout.logits());
        network.device()
                .compile(
                        workspace,
                        operations.stream()
                                .map(operation -> Step.main(Phase.FORWARD, operation))
                                .toList())
                .run();
        compare(
                "evaluation logits",
                golden.get("eval_logits_last_batch").get("data"),
                readout.logits().readDoubles());
    }

    /** Local losses are differences of numbers of this size, which may cancel. */
    private static final double LOSS_SIZE = 0.1;

    private void compare(String name, JsonNode theirs, double... ours) {
        double[] expected = theirs.isNumber() ? new double[] {theirs.asDouble()} : doubles(theirs);
        double difference = expected.length == ours.length ? 0 : Double.NaN;
        double scale = name.contains("local loss") ? LOSS_SIZE * LOSS_SIZE : 0;
        for (int i = 0; i < Math.min(ours.length, expected.length); i++) {
            difference += (ours[i] - expected[i]) * (ours[i] - expected[i]);
            scale += expected[i] * expected[i];
        }
        errors.put(name, Math.sqrt(difference / Math.max(scale, Double.MIN_NORMAL)));
    }

    private static void writeState(Network network, List<Parameter> parameters, JsonNode weights, JsonNode running) {
        parameters.forEach(p -> p.value().write(doubles(weights.get(p.name()))));
        Parameter.renewRounded(network.device(), parameters);
        for (HiddenLayer layer : network.hidden()) {
            layer.runningStatistics().forEach((name, tensor) -> tensor.write(doubles(running.get(name))));
        }
    }

    private NetworkSpec spec() {
        require("dropout", "0.0");
        require("pooling", "max 2x2 after each conv");
        int kernel = config.get("kernel_size").asInt();
        require("padding", String.valueOf((kernel - 1) / 2));
        int[] input = integers("input_chw");
        List<LayerSpec> layers = new ArrayList<>();
        for (int channels : integers("conv_channels")) {
            layers.add(layer(kernel, channels, Pooling.MAX));
        }
        for (int units : integers("fc")) {
            layers.add(layer(0, units, Pooling.NONE));
        }
        return new NetworkSpec(Shape.of(input), layers, config.get("n_classes").asInt());
    }

    private LayerSpec layer(int kernelSize, int units, Pooling pooling) {
        boolean batchNorm = config.get("batch_norm").asBoolean();
        return new LayerSpec(kernelSize, units, false, batchNorm, activation(), pooling, grouping(), Dropout.NONE);
    }

    private Activation activation() {
        return switch (config.get("nonlinearity").asText()) {
            case "selu" -> Activation.SELU;
            case "lrelu" -> Activation.LEAKY_RELU;
            default -> throw unknown("nonlinearity");
        };
    }

    private Grouping grouping() {
        JsonNode groups = config.get("grouping");
        JsonNode divisive = config.get("divnorm");
        boolean fit = divisive.isNull()
                || (divisive.get("dim").equals(groups.get("dim"))
                        && divisive.get("delta").equals(groups.get("delta")));
        if (!fit) {
            throw unknown("divnorm");
        }
        return new Grouping(
                groups.get("dim").asInt(),
                groups.get("power").asDouble(),
                groups.get("delta").asDouble(),
                divisive.isNull() ? 0 : divisive.get("power").asDouble());
    }

    private int[] integers(String setting) {
        return Arrays.stream(doubles(config.get(setting)))
                .mapToInt(d -> (int) d)
                .toArray();
    }

    private void require(String setting, String value) {
        if (!config.get(setting).asText().equals(value)) {
            throw unknown(setting);
        }
    }

    private IllegalArgumentException unknown(String setting) {
        return new IllegalArgumentException(
                "This helper does not know the setting " + setting + " = " + config.get(setting) + ".");
    }

    private OptimizerSpec optimizer(String which) {
        double rate = config.get("lr_" + which).asDouble();
        double decay = config.get("weight_decay_" + which).asDouble();
        return switch (config.get("optimizer").asText()) {
            case "SGD" -> OptimizerSpec.sgd(rate, config.get("momentum").asDouble(), decay);
            case "AdamW" -> OptimizerSpec.adamW(rate, decay);
            default -> throw unknown("optimizer");
        };
    }

    private Rule rule() {
        return switch (config.get("rule").asText()) {
            case "backprop" -> new BackpropRule();
            case "feedback_alignment" -> new BackpropRule(Feedback.Kind.RANDOM, signs());
            case "sign_symmetry" -> new BackpropRule(Feedback.Kind.SIGNS, signs());
            case "layerce" ->
                new LocalRule(
                        "layerwise",
                        new LocalClassification(config.get("n_classes").asInt(), 32, Feedback.Kind.EXACT),
                        TeachingSignals.classes(config.get("n_classes").asInt(), Kernel.COSINE, true));
            case "phsic" ->
                new LocalRule(
                        "phsic",
                        LocalObjective.of(objective()),
                        TeachingSignals.classes(
                                config.get("n_classes").asInt(),
                                kernel("y"),
                                config.get("center_labels").asBoolean()));
            default -> throw unknown("rule");
        };
    }

    private boolean signs() {
        return config.get("gradient_sign").asBoolean();
    }

    private ObjectiveOps.Spec objective() {
        Estimator estimator = switch (config.get("mode").asText()) {
            case "plausible" -> Estimator.PHSIC;
            case "biased" -> Estimator.HSIC;
            default -> throw unknown("mode");
        };
        return new ObjectiveOps.Spec(
                estimator,
                kernel("z"),
                config.get("center_z").asBoolean(),
                config.get("gamma").asDouble());
    }

    /** Returns the kernel on codes {@code z} or on labels {@code y}; the authors' width of a Gaussian is 5 if none is given. */
    private Kernel kernel(String which) {
        return switch (config.get("kernel_" + which).asText()) {
            case "cossim" -> Kernel.COSINE;
            case "lin" -> Kernel.LINEAR;
            case "gaussian" -> Kernel.gaussian(config.path("sigma_" + which).asDouble(5));
            default -> throw unknown("kernel_" + which);
        };
    }

    private static double[] doubles(JsonNode node) {
        JsonNode list = node.has("data") ? node.get("data") : node;
        double[] values = new double[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i).asDouble();
        }
        return values;
    }
}
