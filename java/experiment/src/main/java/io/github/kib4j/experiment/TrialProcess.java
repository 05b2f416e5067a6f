package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * The process of one trial: it reads from its standard input what to train, says on its standard output how it goes, each a line
 * of JSON, and saves and stops when that input ends.
 */
final class TrialProcess implements TrialWorker.Listener {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PATIENCE = 200_000_000L;

    private final PrintStream out;
    private long said;

    private TrialProcess(PrintStream out) {
        this.out = out;
    }

    /** Returns what the process is told, in one line. */
    static String asJson(Trial trial, Path folder, String command) {
        ObjectNode task = JSON.createObjectNode().put("title", trial.title());
        task.put("folder", folder.toString()).put("command", command);
        task.put("preset", trial.experiment().preset());
        task.put("shaped", trial.experiment().shaped());
        ObjectNode settings = task.putObject("settings");
        for (Key key : Key.values()) {
            if (trial.settings().isSet(key)) {
                settings.put(key.title(), trial.settings().text(key));
            }
        }
        return task.toString();
    }

    private static Trial trial(JsonNode task) {
        Settings settings = new Settings();
        for (Key key : Key.values()) {
            if (task.path("settings").has(key.title())) {
                settings.set(key, task.path("settings").get(key.title()).asText());
            }
        }
        String preset =
                task.path("preset").isNull() ? null : task.path("preset").asText();
        boolean shaped = task.path("shaped").asBoolean();
        return new Trial(task.path("title").asText(), new Experiment(settings, preset, List.of(), shaped));
    }

    /**
     * Trains.
     *
     * @param arguments none
     * @throws IOException if the standard input cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        PrintStream out = System.out;
        System.setOut(System.err); // what libraries print is not ours
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String line = in.readLine();
        TrialTraining training = new TrialTraining();
        TrialWorker.Outcome outcome = line == null
                ? new TrialWorker.Outcome(TrialWorker.Outcome.Kind.STOPPED, "")
                : train(training, JSON.readTree(line), in, new TrialProcess(out));
        ObjectNode said = JSON.createObjectNode().put("outcome", outcome.kind().name());
        out.println(said.put("message", outcome.message()));
        out.flush();
        System.exit(0); // though a thread still reads
    }

    private static TrialWorker.Outcome train(
            TrialTraining training, JsonNode task, BufferedReader in, TrialProcess listener) {
        listen(training);
        Thread watch = new Thread(() -> awaitEnd(in, training), "end of input");
        watch.setDaemon(true);
        watch.start();
        try {
            Path folder = Path.of(task.path("folder").asText());
            return training.train(trial(task), folder, task.path("command").asText(), listener);
        } catch (RuntimeException e) {
            e.printStackTrace();
            return new TrialWorker.Outcome(
                    TrialWorker.Outcome.Kind.FAILED, "this is a bug in kib4j: " + e + "; the run's log has more.");
        }
    }

    /** A signal to all processes of a terminal is for the one that tells this one; what is sent to this alone stops it. */
    private static void listen(TrialTraining training) {
        for (String name : List.of("INT", "TERM", "HUP")) {
            try {
                sun.misc.Signal.handle(new sun.misc.Signal(name), signal -> training.stop());
            } catch (IllegalArgumentException e) {
                // The system has no such signal, or Java was told to leave signals alone (-Xrs).
            }
        }
    }

    private static void awaitEnd(BufferedReader in, TrialTraining training) {
        try {
            while (in.readLine() != null) {
                // Nothing more is said.
            }
        } catch (IOException e) {
            // That is an end, too.
        }
        training.stop();
    }

    @Override
    public void say(String line) {
        out.println(JSON.createObjectNode().put("say", line));
    }

    @Override
    public void step(int epoch, int step, int steps) {
        long now = System.nanoTime();
        if (now - said >= PATIENCE) {
            said = now;
            out.println(JSON.createObjectNode()
                    .put("epoch", epoch)
                    .put("step", step)
                    .put("steps", steps));
        }
    }

    @Override
    public void epoch(int epoch, double accuracy) {
        out.println(JSON.createObjectNode().put("epoch", epoch).put("test_accuracy", accuracy));
    }
}
