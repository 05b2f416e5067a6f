package io.github.kib4j.bench.training;

import io.github.kib4j.bench.Machine;
import io.github.kib4j.bench.Output;
import io.github.kib4j.bench.Program;
import io.github.kib4j.bench.Workload;
import io.github.kib4j.op.Precision;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Whole training steps of every configuration asked for, each round in fresh processes that take turns. */
@Command(
        name = "bench/train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Times whole training steps of kib4j, of what it is compared with, and of oneDNN's bare products,"
                + " on random images of the real shapes. Prints Markdown.")
public final class TrainingBenchmark implements Callable<Integer> {
    /** What Java's arrays hold of the largest images. */
    private static final int MOST_IMAGES = 600_000;

    @Option(
            names = "--networks",
            split = ",",
            defaultValue = "mlp,vgg",
            description =
                    "mlp (3 x 1024, Fashion-MNIST's shape, batch 256, SGD), vgg (1x, CIFAR-10's shape, batch 128, SGD),"
                            + " vgg-bn (with batch norm and AdamW); default: mlp,vgg")
    private List<String> networks = List.of();

    @Option(
            names = "--rules",
            split = ",",
            defaultValue = "cosine-grp-div,gaussian-grp-div,cosine-grp,backprop",
            description = "cosine-grp-div, gaussian-grp-div, cosine-grp (all pHSIC), backprop; default: all")
    private List<String> rules = List.of();

    @Option(names = "--precisions", split = ",", defaultValue = "f32,bf16", description = "default: f32,bf16")
    private List<String> precisions = List.of();

    @Option(names = "--threads", split = ",", description = "default: as many as processors")
    private List<Integer> threads = List.of(Runtime.getRuntime().availableProcessors());

    @Option(names = "--peers", split = ",", description = "djl (DJL with PyTorch, f32 alone); default: none")
    private List<String> peers = List.of();

    @Option(
            names = "--against",
            description = "another checkout of kib4j, built by its own bench/train, measured in turn with this one",
            paramLabel = "DIR")
    private @Nullable Path against;

    @Option(names = "--no-bound", description = "leave out oneDNN's bare products")
    private boolean noBound;

    @Option(names = "--rounds", defaultValue = "3", description = "processes of each configuration; default: 3")
    private int rounds;

    @Option(
            names = "--seconds",
            defaultValue = "4",
            description = "timed in each process, at least one step; a quarter of it, at least one step, warms up"
                    + " before; default: 4")
    private double seconds;

    @Option(names = "--images", description = "of the data set; default: as many as the real one has, 60,000 or 50,000")
    private @Nullable Integer images;

    @Option(names = "--out", description = "writes FILE.md and FILE.json too", paramLabel = "FILE")
    private @Nullable Path out;

    @Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    /**
     * Runs the benchmark.
     *
     * @param args the words after the program's name
     */
    public static void main(String[] args) {
        System.exit(Program.run(new TrainingBenchmark(), new PrintWriter(System.err, true), args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        check(rounds >= 1, "--rounds must be at least 1.");
        check(seconds > 0 && seconds < 3600, "--seconds must lie between 0 and 3600.");
        check(threads.stream().allMatch(n -> n >= 1), "--threads must be at least 1.");
        check(images == null || (images >= 1 && images <= MOST_IMAGES), "--images must lie between 1 and 600,000.");
        if (against != null) {
            check(
                    Child.isBuilt(against),
                    "--against needs a checkout with built benchmarks, but " + against
                            + " has no bench/target/lib; run bench/train there once.");
        }
        List<Configuration> configurations = configurations();
        Program.checkOut(spec, out);
        Machine before = Machine.read();
        Results results = new Results(configurations);
        Child child = new Child(seconds, images, against);
        for (int round = 1; round <= rounds; round++) {
            for (Configuration configuration : configurations) {
                if (results.isWanted(configuration)) {
                    measure(child, results, configuration, round);
                }
            }
        }
        Output output = new Output(before, Machine.read(), "bench/train", Program.arguments(spec));
        TrainingReport report = new TrainingReport(results, rounds, seconds, output);
        output.write(report.markdown(), report.json(), out);
        return results.hasFailures() ? 1 : 0;
    }

    private void check(boolean holds, String sentence) {
        Program.check(spec, holds, sentence);
    }

    private void measure(Child child, Results results, Configuration configuration, int round)
            throws IOException, InterruptedException {
        System.err.printf("round %d of %d: %s", round, rounds, configuration);
        try {
            Measurement measurement = child.measure(configuration);
            results.add(configuration, measurement);
            System.err.printf("  %,.1f images/s%n", measurement.imagesPerSecond());
        } catch (UnsupportedOperationException e) {
            results.leaveOut(configuration, String.valueOf(e.getMessage()));
            System.err.printf("  left out: %s%n", e.getMessage());
        } catch (ChildException e) {
            results.fail(configuration, e.getMessage());
            System.err.printf("  failed: %s%n", e.getMessage());
        }
    }

    private List<Configuration> configurations() {
        List<Configuration> all = new ArrayList<>();
        try {
            for (String network : networks) {
                for (String precision : precisions) {
                    for (int count : threads) {
                        addAll(all, network, Configuration.precision(precision), count);
                    }
                }
            }
        } catch (IllegalArgumentException e) {
            check(false, String.valueOf(e.getMessage()));
        }
        return all;
    }

    /** The bound of one rule serves all: that of backprop has the products of local rules too. */
    private void addAll(List<Configuration> all, String network, Precision precision, int count) {
        List<Workload> workloads = rules.stream()
                .map(rule -> new Workload(network, rule, precision))
                .toList();
        if (!noBound) {
            Workload most =
                    workloads.stream().filter(Workload::isBackprop).findFirst().orElse(workloads.get(0));
            all.add(new Configuration(OneDnnContender.NAME, most, count));
        }
        for (Workload workload : workloads) {
            all.add(new Configuration(KibContender.NAME, workload, count));
            if (against != null) {
                all.add(new Configuration(Child.AGAINST, workload, count));
            }
            for (String peer : peers) {
                check(Child.PEERS.contains(peer), "There is no peer '" + peer + "'; choose of: djl.");
                all.add(new Configuration(peer, workload, count));
            }
        }
    }
}
