package io.github.kib4j.model;

import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.tensor.RefusedException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a run has its checkpoints: in its folder's {@code checkpoint}, or, of several rules, in each one's. */
final class RunFolders {
    private static final String CHECKPOINTS = "checkpoint";

    private RunFolders() {}

    /** Returns the folder of the checkpoints of a run, or of one of its rules, or of checkpoints itself. */
    static Path checkpoints(Path run, @Nullable String rule) throws IOException {
        for (Path folder : List.of(run, run.resolve(CHECKPOINTS))) {
            if (Checkpoint.exists(folder)) {
                return folder;
            }
        }
        List<String> rules = rules(run);
        if (rules.isEmpty()) {
            throw new CheckpointException(
                    "There is no checkpoint in " + run + "; name the folder of a run that has saved one.");
        }
        if (rule == null && rules.size() > 1) {
            throw new RefusedException("The run in " + run + " has several rules (" + String.join(", ", rules)
                    + "); name one, or the folder of one.");
        }
        if (rule != null && !rules.contains(rule)) {
            throw new RefusedException("The run in " + run + " has no checkpoint of the rule " + rule + "; it has "
                    + String.join(", ", rules) + ".");
        }
        return run.resolve(rule == null ? rules.get(0) : rule).resolve(CHECKPOINTS);
    }

    private static List<String> rules(Path run) throws IOException {
        List<String> rules = new ArrayList<>();
        if (Files.isDirectory(run)) {
            try (DirectoryStream<Path> folders = Files.newDirectoryStream(run)) {
                for (Path folder : folders) {
                    if (Checkpoint.exists(folder.resolve(CHECKPOINTS))) {
                        rules.add(folder.getFileName().toString());
                    }
                }
            }
        }
        return rules.stream().sorted().toList();
    }
}
