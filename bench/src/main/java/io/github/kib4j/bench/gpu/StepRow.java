package io.github.kib4j.bench.gpu;

import io.github.kib4j.bench.Workload;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Precision;
import io.github.kib4j.train.TrainingConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A training step to time.
 *
 * @param net {@code vgg} or {@code mlp}, as {@link Workload} has them
 * @param rule one of {@link #RULES}
 * @param precision {@code f32}, {@code tf32} or {@code bf16}
 * @param mode how the device runs a step
 * @param batch images of a step
 */
record StepRow(String net, String rule, String precision, Mode mode, int batch) {
    /** Rules by names of their own, which train the network of the first of {@link #RULES}. */
    private static final List<String> NAMED =
            List.of("hsic", "readout", "layerwise", "feedback-alignment", "sign-symmetry", "hebbian-pairs");
    /** Every rule there is: pHSIC by three objectives, HSIC, and what they are compared with. */
    static final List<String> RULES = Stream.concat(
                    Stream.of("cosine-grp-div", "backprop", "gaussian-grp-div", "cosine-grp"), NAMED.stream())
            .toList();

    private static final int CLASSES = 10;
    /** More than any run completes. */
    private static final int EPOCHS = 1_000_000;
    /** Signs sent back are larger than weights: they would diverge on random images at the rate of the others. */
    private static final String LOW_RATE = "1e-8";
    /** Of a network that only shows that all this runs. */
    private static final String SMALL = "0.0625";

    private static final String SMALL_GROUPS = "8";

    private Workload workload() {
        return new Workload(net, NAMED.contains(rule) ? RULES.get(0) : rule, Precision.F32);
    }

    /** Returns the settings of the device that the step runs on. */
    Map<String, String> deviceSettings(boolean synchronous) {
        Map<String, String> settings = new HashMap<>(mode.settings(synchronous));
        if (precision.equals("tf32")) {
            settings.put("tf32", "on");
        }
        return settings;
    }

    private Settings settings(boolean small) {
        Settings settings = workload().settings(EPOCHS).set(Key.BATCH, Integer.toString(batch));
        settings.set(Key.PRECISION, precision.equals("bf16") ? "bf16" : "f32");
        if (NAMED.contains(rule)) {
            settings.set(Key.RULE, rule);
        }
        if (rule.equals("sign-symmetry")) {
            settings.set(Key.LR_LOCAL, LOW_RATE).set(Key.LR_READOUT, LOW_RATE);
        }
        if (small) {
            settings.set(Key.WIDTH, SMALL).set(Key.LINEAR, "64");
            settings.set(Key.GROUPS, settings.text(Key.GROUPS).equals("0") ? "0" : SMALL_GROUPS);
        }
        return settings;
    }

    /** Returns how it is trained; a small one with a network that shows nothing but that all this runs. */
    TrainingConfig config(boolean small) {
        RunPlan plan = new RunPlan(settings(small));
        return plan.training(plan.rules().get(0), workload().image(), CLASSES);
    }

    /** Returns random images in whole batches, at most so many, and at least one batch. */
    Dataset dataset(int atMost) {
        return workload().dataset(atMost, batch);
    }

    /** Returns the floating-point operations of the layers' products in a step, two for a multiplication with its addition. */
    double operations(NetworkSpec network) {
        int last = network.hidden().size();
        double sum = 0;
        for (int i = 0; i <= last; i++) {
            int products = switch (rule) {
                case "backprop", "feedback-alignment", "sign-symmetry" -> i > 0 ? 3 : 2;
                case "readout" -> i < last ? 1 : 2;
                default -> 2;
            };
            sum += 2.0 * products * network.multiplications(i);
        }
        return sum * batch;
    }

    @Override
    public String toString() {
        return String.format("%-4s %-16s %-4s %-8s %5d", net, rule, precision, mode, batch);
    }
}
