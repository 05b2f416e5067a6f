package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.experiment.TrialWorker.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trials in processes of their own, which train the same, stop when told, and can be killed. */
final class TrialProcessesTest {
    private static final List<String> SMALL =
            List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-Xshare:auto");

    @TempDir
    Path folder;

    @TempDir
    Path data;

    private Trial trial(String epochs) throws IOException {
        Settings given = TinyStudy.settings(data).set(Key.RULE, "phsic").set(Key.EPOCHS, epochs);
        return TinyStudy.candidate(given, 1).trials().get(0);
    }

    /** Does something at the first step. */
    private record AtFirst(Runnable task) implements TrialWorker.Listener {
        @Override
        public void say(String line) {
            // What it says is shown elsewhere.
        }

        @Override
        public void step(int epoch, int step, int steps) {
            task.run();
        }

        @Override
        public void epoch(int epoch, double accuracy) {
            assertThat(accuracy).isBetween(0.0, 100.0);
        }
    }

    @Test
    void trainsAsThisProcessDoes() throws IOException {
        TrialWorker.Listener none = new AtFirst(() -> {});
        Outcome finished = new Outcome(Outcome.Kind.FINISHED, "");
        assertThat(new TrialTraining().train(trial("2"), folder.resolve("a/run"), "a test", none))
                .isEqualTo(finished);
        assertThat(new TrialProcesses(SMALL).train(trial("2"), folder.resolve("b/run"), "a test", none))
                .isEqualTo(finished);
        Map<String, String> bits = TinyStudy.bits(folder.resolve("a"));
        assertThat(bits).containsKey("run/checkpoint/step-8/weights.safetensors");
        assertThat(TinyStudy.bits(folder.resolve("b"))).isEqualTo(bits);
    }

    @Test
    void stopsWhenItsInputEndsAndGoesOn() throws IOException {
        TrialProcesses processes = new TrialProcesses(SMALL);
        Path run = folder.resolve("runs/run");
        Outcome outcome = processes.train(trial("100000"), run, "a test", new AtFirst(processes::stop));
        assertThat(outcome.kind()).isEqualTo(Outcome.Kind.STOPPED);
        assertThat(new RunFolder(run).readRun().get("state").asText()).isEqualTo("interrupted");
        assertThat(folder.resolve("runs/run.log")).doesNotExist();
        assertThat(processes
                        .train(trial("2"), folder.resolve("runs/other"), "a test", new AtFirst(() -> {}))
                        .kind())
                .as("nothing begins any more")
                .isEqualTo(Outcome.Kind.STOPPED);
        assertThat(folder.resolve("runs/other")).doesNotExist();
    }

    @Test
    void aProcessThatIsKilledFailsByItself() throws IOException {
        Path run = folder.resolve("runs/run");
        Outcome outcome = new TrialProcesses(SMALL)
                .train(
                        trial("100000"),
                        run,
                        "a test",
                        new AtFirst(() -> ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly)));
        assertThat(outcome.kind()).isEqualTo(Outcome.Kind.FAILED);
        assertThat(outcome.message())
                .contains("code 137 (killed, for want of memory perhaps)")
                .contains("run.log");
        assertThat(new RunFolder(run).readRun().get("state").asText()).isEqualTo("running");
        Files.delete(folder.resolve("runs/run.log"));
    }

    @Test
    void whatCannotBeTrainedIsSaid() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        Outcome outcome = new TrialProcesses(SMALL).train(trial("2"), file, "a test", new AtFirst(() -> {}));
        assertThat(outcome.kind()).isEqualTo(Outcome.Kind.FAILED);
        assertThat(outcome.message()).contains("is a file");
        assertThat(new TrialProcesses(List.of("-Xnonsense"))
                        .train(trial("2"), folder.resolve("run"), "a test", new AtFirst(() -> {}))
                        .message())
                .isEqualTo("its process ended with code 1; what it said is in run.log.");
    }
}
