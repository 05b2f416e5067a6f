package io.github.kib4j.bench.gpu;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.bench.Program;
import io.github.kib4j.bench.Spread;
import io.github.kib4j.bench.training.KibSession;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.tensor.KibFailure;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Times whole training steps on a device: networks, rules, precisions, batches, and ways to run a step, in the order of their worth.
 * A row is the median of nine blocks of steps by the wall clock, from the first step's call until the last is computed; batches are
 * gathered and augmented on the device as in every training. {@code peak_mb} is what the device holds while it trains. After a row
 * that fails it ends with status 3 where there is a file, so that another process goes on with the row after it ({@code --from}): a
 * GPU on which a kernel has failed is lost to its process.
 */
@Command(
        name = "StepsBenchmark",
        mixinStandardHelpOptions = true,
        description = "Times whole training steps on a device.")
public final class StepsBenchmark implements Callable<Integer> {
    private static final int BLOCKS = 9;
    private static final int WARM_UP = 3;
    private static final int IMAGES = 10_000;
    private static final double MEGA = 1e6;
    private static final int FAILED = 1;
    /** A row has failed, and what runs in this process after it may fail because of it. */
    private static final int SPOILT = 3;
    /** The field of a row that failed, and was not refused. */
    private static final String FAILURE = "failed";

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--device", paramLabel = "NAME", description = "what computes (default: ${DEFAULT-VALUE})")
    private String device = "cuda";

    @Option(names = "--out", paramLabel = "FILE", description = "the JSON that is written after each row")
    private @Nullable Path out;

    @Option(names = "--budget", paramLabel = "S", description = "seconds for everything (default: ${DEFAULT-VALUE})")
    private double budget = 70;

    @Option(names = "--seconds", paramLabel = "S", description = "of a row's nine blocks (default: ${DEFAULT-VALUE})")
    private double seconds = 1;

    @Option(
            names = "--only",
            paramLabel = "TEXT",
            description = "rows whose text has this, as 'vgg cosine-grp-div bf16'")
    private String only = "";

    @Option(
            names = "--from",
            paramLabel = "N",
            description = "the row to begin with, in the file of an earlier process")
    private int from;

    @Option(names = "--small", description = "tiny networks and batches, to see that all this runs")
    private boolean small;

    private final long begin = System.nanoTime();
    private boolean synchronous;

    /** Creates the command, whose options picocli sets. */
    public StepsBenchmark() {}

    /**
     * Times steps and exits.
     *
     * @param arguments options; {@code --help} lists them
     */
    public static void main(String[] arguments) {
        System.exit(Program.run(new StepsBenchmark(), new PrintWriter(System.err, true), arguments));
    }

    @Override
    public Integer call() throws IOException {
        Program.check(spec, budget > 0 && seconds > 0, "--budget and --seconds must be above 0");
        Rows rows = from > 0 && out != null ? Rows.goOn(out) : new Rows(out);
        try (Device opened = Devices.open(device, 0).device()) {
            rows.about().put("device", opened.description());
            synchronous = opened.isSynchronous();
        } catch (RuntimeException e) {
            if (e instanceof KibFailure) {
                System.out.println("bench: " + e.getMessage());
                return FAILED;
            }
            throw e;
        }
        List<StepRow> chosen = (small ? StepRows.small(synchronous) : StepRows.of(synchronous))
                .stream()
                        .filter(row -> row.toString().replaceAll(" +", " ").contains(only))
                        .toList();
        for (int i = from; i < chosen.size(); i++) {
            StepRow row = chosen.get(i);
            if (elapsed() > budget) {
                rows.about().put("left_out", "no time left of " + budget + " s, from " + row + " on");
                rows.write();
                break;
            }
            ObjectNode json = describe(row);
            boolean spoilt = !measure(row, json);
            rows.about().put("next", i + 1);
            rows.add(json);
            System.out.println(row + "  " + text(json));
            if (spoilt && out != null && i + 1 < chosen.size()) {
                return SPOILT;
            }
        }
        int failed = rows.count(FAILURE);
        System.out.printf(Locale.ROOT, "bench: %d rows, %d of them failed%n", rows.size(), failed);
        return failed == 0 ? 0 : FAILED;
    }

    private double elapsed() {
        return (System.nanoTime() - begin) * 1e-9;
    }

    private static ObjectNode describe(StepRow row) {
        return Rows.object()
                .put("net", row.net())
                .put("rule", row.rule())
                .put("precision", row.precision())
                .put("mode", row.mode().toString())
                .put("batch", row.batch());
    }

    /** Adds to the row what is measured, or why it is not; returns false if it failed. What is refused is a result, too. */
    private boolean measure(StepRow row, ObjectNode json) {
        try {
            TrainingConfig config = row.config(small);
            long start = System.nanoTime();
            try (KibSession session = new KibSession(
                    Devices.open(device, small ? 1 : 0, row.deviceSettings(synchronous))
                            .device(),
                    row.dataset(small ? 1 : IMAGES),
                    config,
                    false)) {
                session.train(WARM_UP);
                json.put("prepare_s", (System.nanoTime() - start) * 1e-9);
                time(row, session, json);
                double operations = row.operations(config.network());
                json.put("flop_per_step", operations);
                json.put("tflop_per_s", operations / json.get("ms_per_step").asDouble() * 1e-9);
                json.put("peak_mb", session.liveBytes() / MEGA);
            }
            return true;
        } catch (RuntimeException | LinkageError e) {
            json.put("error", e instanceof KibFailure ? e.getMessage() : e.toString());
            boolean refused = e instanceof RefusedException;
            if (!refused) {
                json.put(FAILURE, true);
            }
            return refused;
        }
    }

    private void time(StepRow row, KibSession session, ObjectNode json) {
        long once = System.nanoTime();
        session.train(2);
        double step = (System.nanoTime() - once) * 1e-9 / 2;
        int steps = small ? 1 : (int) Math.max(1, Math.min(10_000, seconds / BLOCKS / step));
        List<Double> speeds = new ArrayList<>();
        for (int i = 0; i < BLOCKS; i++) {
            long start = System.nanoTime();
            session.train(steps);
            speeds.add((double) row.batch() * steps / ((System.nanoTime() - start) * 1e-9));
        }
        Spread spread = Spread.of(speeds);
        json.put("images_per_s", spread.median())
                .put("least", spread.least())
                .put("most", spread.greatest())
                .put("ms_per_step", 1e3 * row.batch() / spread.median())
                .put("steps", BLOCKS * steps);
    }

    private static String text(ObjectNode json) {
        if (json.has("error")) {
            return json.get("error").asText();
        }
        return String.format(
                Locale.ROOT,
                "%,10.0f images/s (%,.0f to %,.0f) %9.3f ms %7.2f TFLOP/s %8.1f MB",
                json.get("images_per_s").asDouble(),
                json.get("least").asDouble(),
                json.get("most").asDouble(),
                json.get("ms_per_step").asDouble(),
                json.get("tflop_per_s").asDouble(),
                json.get("peak_mb").asDouble());
    }
}
