package io.github.kib4j.bench.gpu;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.bench.Program;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Presets;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.tensor.KibFailure;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Trains the paper's VGG by one rule and says after each epoch how well it does and when that was: seconds since 1970, as the clock
 * beside which {@code train_marks.py} reads the card's energy. Training and evaluation are apart, and so is what the process needs
 * before it trains.
 */
@Command(
        name = "MarksTraining",
        mixinStandardHelpOptions = true,
        description = "Trains the paper's VGG by one rule; after each epoch: accuracy, and when that was.")
public final class MarksTraining implements Callable<Integer> {
    private static final String LOCAL = "phsic";

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--device", paramLabel = "NAME", description = "what computes (default: ${DEFAULT-VALUE})")
    private String device = "cuda";

    @Option(names = "--rule", paramLabel = "NAME", description = "phsic or backprop (default: ${DEFAULT-VALUE})")
    private String rule = LOCAL;

    @Option(names = "--precision", paramLabel = "NAME", description = "of activations (default: ${DEFAULT-VALUE})")
    private String precision = "bf16";

    @Option(names = "--data", paramLabel = "DIR", description = "CIFAR-10; without it, generated images")
    private @Nullable Path data;

    @Option(names = "--epochs", paramLabel = "N", description = "over which the rates fall (default: ${DEFAULT-VALUE})")
    private int epochs = 30;

    @Option(names = "--out", paramLabel = "FILE", description = "the JSON that is written after each epoch")
    private @Nullable Path out;

    @Option(names = "--small", description = "a tiny network and few images, to see that all this runs")
    private boolean small;

    /** Creates the command, whose options picocli sets. */
    public MarksTraining() {}

    /**
     * Trains and exits.
     *
     * @param arguments options; {@code --help} lists them
     */
    public static void main(String[] arguments) {
        System.exit(Program.run(new MarksTraining(), new PrintWriter(System.err, true), arguments));
    }

    @Override
    public Integer call() throws IOException {
        Program.check(spec, epochs >= 1, "--epochs must be at least 1");
        Program.check(spec, rule.equals(LOCAL) || rule.equals("backprop"), "--rule is phsic or backprop");
        try {
            train(new RunPlan(settings()));
            return 0;
        } catch (RuntimeException e) {
            if (e instanceof KibFailure) {
                System.out.println("train: " + e.getMessage());
                return 1;
            }
            throw e;
        }
    }

    /** The paper's, but for rates that fall with a cosine over as many epochs as there is time for. */
    private Settings settings() {
        Settings settings =
                new Presets().get("vgg-cifar10-1x-sgd-" + (rule.equals(LOCAL) ? "cosine-grp-div" : "backprop"));
        settings.set(Key.SCHEDULE, "cosine").set(Key.EPOCHS, Integer.toString(epochs));
        settings.set(Key.PRECISION, precision).set(Key.SEED, "1");
        if (data == null) {
            settings.set(Key.DATASET, "shapes");
        } else {
            settings.set(Key.DATA, data.toString());
        }
        if (small) {
            settings.set(Key.WIDTH, "0.0625").set(Key.LINEAR, "64").set(Key.BATCH, "16");
            settings.set(Key.LIMIT_TRAIN, "160").set(Key.LIMIT_TEST, "80");
            settings.set(Key.GROUPS, rule.equals(LOCAL) ? "8" : "0");
        }
        return settings;
    }

    private void train(RunPlan plan) throws IOException {
        Rows rows = new Rows(out);
        rows.about()
                .put("rule", rule)
                .put("precision", precision)
                .put("epochs", epochs)
                .put("data", data == null ? "shapes (generated)" : "cifar10")
                .put("process_begin", ManagementFactory.getRuntimeMXBean().getStartTime() * 1e-3);
        Dataset dataset = plan.dataset(line -> {});
        try (Device opened = Devices.open(device, small ? 1 : 0).device()) {
            rows.about().put("device", opened.description());
            try (Trainer trainer = new Trainer(
                    opened,
                    dataset,
                    plan.training(rule, dataset.train().image(), dataset.train().classes()))) {
                while (!trainer.isFinished()) {
                    ObjectNode row = epoch(trainer);
                    rows.add(row);
                    System.out.println(text(row));
                }
            }
        }
    }

    private static ObjectNode epoch(Trainer trainer) {
        ObjectNode row = Rows.object();
        double begin = now();
        EpochResult epoch = trainer.trainEpoch((number, step, steps) -> true);
        double trained = now();
        Evaluation test = trainer.evaluate();
        if (epoch == null) {
            throw new IllegalStateException("Nobody stopped the epoch, but it has no result.");
        }
        return row.put("epoch", epoch.epoch())
                .put("train_begin", begin)
                .put("train_end", trained)
                .put("test_end", now())
                .put("train_seconds", epoch.seconds())
                .put("images_per_s", epoch.imagesPerSecond())
                .put("train_accuracy", epoch.accuracy())
                .put("test_accuracy", test.accuracy());
    }

    /** Returns the seconds since 1970, to the microsecond. */
    private static double now() {
        Instant now = Instant.now();
        return now.getEpochSecond() + now.getNano() * 1e-9;
    }

    private String text(ObjectNode row) {
        return String.format(
                Locale.ROOT,
                "%-8s epoch %3d: %6.2f %% of the test images, %,.0f images/s",
                rule,
                row.get("epoch").asInt(),
                row.get("test_accuracy").asDouble(),
                row.get("images_per_s").asDouble());
    }
}
