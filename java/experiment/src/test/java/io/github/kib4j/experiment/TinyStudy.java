package io.github.kib4j.experiment;

import io.github.kib4j.testkit.DataFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Small trainings to be compared, of 8 steps, and what must be equal however they were interrupted. */
final class TinyStudy {
    private static final int SIDE = 8;

    private TinyStudy() {}

    /** Writes files like MNIST's into a folder, and returns settings that train on them. */
    static Settings settings(Path data) throws IOException {
        images(data, "train", 40);
        images(data, "t10k", 20);
        Settings given = new Settings().set(Key.DATASET, "mnist").set(Key.DATA, data.toString());
        given.set(Key.MODEL, "mlp").set(Key.LAYERS, "8,8").set(Key.GROUPS, "4");
        given.set(Key.BATCH, "10").set(Key.EPOCHS, "2");
        return given.set(Key.DEVICE, "reference");
    }

    private static void images(Path folder, String part, int count) throws IOException {
        Random random = new Random(count);
        byte[] images =
                DataFiles.idx(i -> random.nextInt(100) + (i % 64 / 6 == i / 64 % 10 ? 150 : 0), count, SIDE, SIDE);
        Files.write(folder.resolve(part + "-images-idx3-ubyte"), images);
        Files.write(folder.resolve(part + "-labels-idx1-ubyte"), DataFiles.idx(i -> i % 10, count));
    }

    static Candidate candidate(Settings settings, int seeds) {
        String rule = settings.text(Key.RULE);
        return Candidate.of(Map.of("rule", rule), rule, Experiment.of(settings, null, null), seeds);
    }

    static StudyTable run(Path folder, TrialWorker worker, StudyListener listener, Candidate... candidates)
            throws IOException {
        try (Study study = Study.open(folder, "a test", worker, Parallelism.of(1), listener)) {
            return run(study, candidates);
        }
    }

    static StudyTable run(Study study, Candidate... candidates) throws IOException {
        return study.run(List.of(candidates), Study.inOrder("A test", List.of(candidates)));
    }

    /** Returns what all runs have left that is a function of their settings: names, weights, numbers of their tables. */
    static Map<String, String> bits(Path folder) throws IOException {
        Map<String, String> bits = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = folder.relativize(file).toString();
                if (name.endsWith(".safetensors") && name.contains("step-8/")) {
                    bits.put(name, Integer.toString(Arrays.hashCode(Files.readAllBytes(file))));
                } else if (name.endsWith("runs.csv")) {
                    bits.put(name, withoutTimes(Files.readAllLines(file)));
                } else {
                    bits.put(name.replaceAll("step-[0-9]+", "step"), "");
                }
            }
        }
        return bits;
    }

    private static String withoutTimes(List<String> csv) {
        List<String> lines = new ArrayList<>();
        csv.forEach(line -> lines.add(line.replaceFirst(",[0-9.]+,([^,]*)$", ",$1")));
        return String.join("\n", lines);
    }
}
