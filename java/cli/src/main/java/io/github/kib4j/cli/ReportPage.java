package io.github.kib4j.cli;

import io.github.kib4j.datasets.FileFailure;
import io.github.kib4j.experiment.RunFolder;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.report.Report;
import io.github.kib4j.tensor.KibFailure;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The report that a command writes at its end, into the folder that it is of.
 *
 * @param file null where there is none
 * @param failure why there is none
 */
record ReportPage(@Nullable Path file, String failure) {
    /**
     * Writes a folder's report. What is wrong with that is not wrong with what the folder has.
     *
     * @param machine settings that replace the runs'
     * @param progress is told what is being worked on
     */
    static ReportPage of(Path folder, Settings machine, Consumer<String> progress) {
        try {
            Path file = new RunFolder(folder).report();
            Report.of(List.of(folder), machine, progress).write(file);
            return new ReportPage(file, "");
        } catch (IOException e) {
            String what = e instanceof FileSystemException at ? at.getFile() + ": " : "";
            return new ReportPage(null, what + FileFailure.reason(e));
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
            return new ReportPage(
                    null, FileFailure.printable(String.valueOf(e instanceof KibFailure ? e.getMessage() : e)));
        }
    }

    /** Returns the line that says where it is, or why it is not. */
    String line() {
        return "Report: " + (file == null ? "none, since " + failure : file);
    }

    /** Returns where it is, for JSON; null where it is not. */
    @Nullable
    String path() {
        return file == null ? null : file.toString();
    }
}
