package io.github.kib4j.experiment.report;

import io.github.kib4j.datasets.FileFailure;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.experiment.UsageException;
import io.github.kib4j.experiment.Words;
import io.github.kib4j.files.DurableFiles;
import io.github.kib4j.tensor.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A report of runs: one page of HTML with curves, final figures beside the paper's, first-layer filters, similarities of a test
 * batch layer by layer, confusions, the worst mistakes and settings. It needs no network, and is the same, bit for bit, when it
 * is made again of the same folders on the same device.
 */
public final class Report {
    private final String html;
    private final int runs;
    private final List<String> notes;

    private Report(String html, int runs, List<String> notes) {
        this.html = html;
        this.runs = runs;
        this.notes = notes;
    }

    /**
     * Makes a report. What is missing, damaged or half-written is left out, and noted.
     *
     * @param folders of runs, of rules of a run, of experiments and sweeps, or with any of them below
     * @param given settings of the machine or the data that replace the runs': device, threads, data, limit-test; with the last
     *     all test images that there are are tried, else as many as take a few seconds
     * @param progress is told what is being worked on
     * @return the report
     * @throws UsageException if a folder does not exist, or a given device
     * @throws RefusedException if there is nothing to show
     * @throws IOException if a folder cannot be listed
     */
    public static Report of(List<Path> folders, Settings given, Consumer<String> progress) throws IOException {
        if (given.isSet(Key.DEVICE)) {
            given.choice(Key.DEVICE); // a wrong one is an error, and not something that is missing
        }
        Notes notes = new Notes();
        List<ReportedRun> runs = new ArrayList<>();
        RunSearch search = new RunSearch(notes);
        for (Path folder : search.in(folders)) {
            ReportedRun run = ReportedRun.read(folder, notes);
            if (!run.isEmpty()) {
                runs.add(run);
            }
        }
        if (runs.isEmpty()) {
            throw new RefusedException("There is nothing to report: "
                    + notes.sentences().stream()
                            .findFirst()
                            .orElse("no run is in "
                                    + Words.or(
                                            folders.stream().map(Path::toString).toList()) + "."));
        }
        List<String> ofStudies =
                runs.stream().map(run -> search.label(run.folder())).toList();
        boolean named = ofStudies.stream().noneMatch(String::isEmpty)
                && ofStudies.stream().distinct().count() == ofStudies.size();
        List<Shown> shown = new Views(given, progress, notes).of(runs, named ? ofStudies : labels(runs));
        Page page = new Page(search.studies(), shown, notes.sentences());
        return new Report(page.toHtml(), shown.size(), notes.sentences());
    }

    /**
     * Returns the rules' names where they tell the runs apart, or rules and seeds; else the folders' below what they have in
     * common.
     */
    static List<String> labels(List<ReportedRun> runs) {
        List<String> rules = runs.stream().map(ReportedRun::rule).toList();
        if (rules.stream().distinct().count() == rules.size()) {
            return rules;
        }
        List<String> seeds = runs.stream()
                .map(run -> run.rule() + " (seed "
                        + (run.settings() == null ? "unknown" : run.settings().text(Key.SEED)) + ")")
                .toList();
        if (seeds.stream().distinct().count() == seeds.size()) {
            return seeds;
        }
        List<Path> folders = runs.stream()
                .map(run -> run.folder().toAbsolutePath().normalize())
                .toList();
        Path common = folders.get(0);
        while (common.getParent() != null && !isAbove(common, folders)) {
            common = common.getParent();
        }
        Path above = common;
        List<String> labels = new ArrayList<>();
        for (ReportedRun run : runs) {
            String name =
                    above.relativize(run.folder().toAbsolutePath().normalize()).toString();
            labels.add(name.endsWith(run.rule()) ? name : name + " (" + run.rule() + ")");
        }
        return labels;
    }

    private static boolean isAbove(Path common, List<Path> folders) {
        return folders.stream().allMatch(folder -> folder.startsWith(common) && !folder.equals(common));
    }

    /** {@return the page} */
    public String html() {
        return html;
    }

    /** {@return how many runs it shows} */
    public int runs() {
        return runs;
    }

    /** {@return what is missing or could not be read, a sentence each} */
    public List<String> notes() {
        return notes;
    }

    /**
     * Writes the page, in one step; a file that holds just that is left alone.
     *
     * @param file the file, which is replaced
     * @throws UsageException if it is a folder, or in none
     * @throws IOException if the file system refuses
     */
    public void write(Path file) throws IOException {
        Path above = file.toAbsolutePath().getParent();
        if (file.toString().isBlank() || Files.isDirectory(file) || above == null || !Files.isDirectory(above)) {
            throw new UsageException("A report must be a file in a folder that exists, but is to be '"
                    + FileFailure.printable(file.toString()) + "'.");
        }
        if (!Files.exists(file) || !Files.readString(file).equals(html)) {
            DurableFiles.replace(file, html);
        }
    }
}
