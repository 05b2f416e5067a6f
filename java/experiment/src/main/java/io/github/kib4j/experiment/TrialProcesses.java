package io.github.kib4j.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Trains each trial in a process of its own, which ends with this one: it saves and stops when its standard input is closed, by
 * {@link #stop()} or because this process is no more. A process that the system kills, for want of memory perhaps, ends its own
 * trial only.
 */
public final class TrialProcesses implements TrialWorker {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Of what this Java was started with, what a second one cannot have, or should not. */
    private static final String OWN =
            "-(javaagent|agentlib|agentpath|Xrunjdwp).*|--?(module-path|class-path|cp|add-modules)\\b.*";

    private final List<String> options;
    private final Set<OutputStream> inputs = new HashSet<>();
    private boolean stopped;

    /** Prepares to start Java as this one was started. */
    public TrialProcesses() {
        this(ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.matches(OWN))
                .toList());
    }

    /**
     * Prepares to start Java.
     *
     * @param options of Java
     */
    public TrialProcesses(List<String> options) {
        this.options = List.copyOf(options);
    }

    /** Returns what Java is started with; modules of this program are classes of that one. */
    private List<String> command() {
        String classes = Stream.of("java.class.path", "jdk.module.path")
                .map(name -> System.getProperty(name, ""))
                .flatMap(path -> Stream.of(path.split(File.pathSeparator)))
                .filter(entry -> !entry.isEmpty())
                .map(entry -> isFolderOfJars(Path.of(entry)) ? entry + File.separator + "*" : entry)
                .reduce((a, b) -> a + File.pathSeparator + b)
                .orElse("");
        for (Path plugin : Extensions.jars()) {
            classes += File.pathSeparator + plugin.toAbsolutePath();
        }
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", classes, TrialProcess.class.getName()));
        return command;
    }

    private static boolean isFolderOfJars(Path entry) {
        try (Stream<Path> files = Files.isDirectory(entry) ? Files.list(entry) : Stream.empty()) {
            return files.anyMatch(file -> file.toString().endsWith(".jar"));
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public synchronized void stop() {
        stopped = true;
        inputs.forEach(TrialProcesses::closeQuietly);
    }

    private static void closeQuietly(OutputStream stream) {
        try {
            stream.close();
        } catch (IOException e) {
            // The process has ended.
        }
    }

    private synchronized boolean add(OutputStream input) {
        if (!stopped) {
            inputs.add(input);
        }
        return !stopped;
    }

    private synchronized void remove(OutputStream input) {
        inputs.remove(input);
        closeQuietly(input);
    }

    @Override
    public Outcome train(Trial trial, Path folder, String command, Listener listener) throws IOException {
        Files.createDirectories(folder.toAbsolutePath().getParent());
        Path errors = folder.resolveSibling(folder.getFileName() + ".log");
        Process process =
                new ProcessBuilder(command()).redirectError(errors.toFile()).start();
        OutputStream input = process.getOutputStream();
        try {
            if (add(input)) {
                input.write((TrialProcess.asJson(trial, folder, command) + "\n").getBytes(StandardCharsets.UTF_8));
                input.flush();
            } else {
                closeQuietly(input);
            }
        } catch (IOException e) {
            // It has ended before it was told what to do; how, is read below.
        }
        try {
            Outcome outcome = outcome(process, listener);
            int code = process.waitFor();
            if (outcome == null) {
                return new Outcome(
                        Outcome.Kind.FAILED,
                        "its process ended with code " + code
                                + (code == 137 ? " (killed, for want of memory perhaps)" : "") + "; what it said is in "
                                + errors.getFileName() + ".");
            }
            if (Files.size(errors) == 0 || outcome.kind() != Outcome.Kind.FAILED) {
                Files.deleteIfExists(errors);
            }
            return outcome;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome(Outcome.Kind.STOPPED, "");
        } finally {
            remove(input);
            process.destroy();
        }
    }

    /** Reads what a process says, to its end; returns how its training ended, null if it does not say. */
    private static @Nullable Outcome outcome(Process process, Listener listener) throws IOException {
        Outcome outcome = null;
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode said = parsed(line);
                if (said.has("say")) {
                    listener.say(said.get("say").asText());
                } else if (said.has("test_accuracy")) {
                    listener.epoch(
                            said.path("epoch").asInt(),
                            said.get("test_accuracy").asDouble());
                } else if (said.has("step")) {
                    listener.step(
                            said.path("epoch").asInt(),
                            said.get("step").asInt(),
                            said.path("steps").asInt());
                } else if (said.has("outcome")) {
                    outcome = new Outcome(
                            Outcome.Kind.valueOf(said.get("outcome").asText()),
                            said.path("message").asText());
                }
            }
        }
        return outcome;
    }

    /** Returns a line's object; an empty one for a line of Java's own or a library's. */
    private static ObjectNode parsed(String line) {
        try {
            return JSON.readTree(line) instanceof ObjectNode object ? object : JSON.createObjectNode();
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode();
        }
    }
}
