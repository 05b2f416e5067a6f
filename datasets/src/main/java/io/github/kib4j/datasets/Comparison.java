package io.github.kib4j.datasets;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How a file of a published set compares with its publisher's.
 *
 * @param file its name
 * @param verdict what it is
 * @param reason in words
 */
public record Comparison(String file, Verdict verdict, String reason) {
    private static final String NO_SUM = "there is no sum of its content to compare with";

    /** What a file is. */
    public enum Verdict {
        /** The publisher's, to the byte. */
        PUBLISHED,
        /** It holds what the publisher's holds, packed otherwise or not at all. */
        SAME_CONTENT,
        /** There is no sum of such a file to compare with. */
        UNKNOWN,
        /** It holds something else. */
        DIFFERENT
    }

    /** {@return one line for people} */
    @Override
    public String toString() {
        return file + ": " + reason;
    }

    /** Compares the files of a set like MNIST, of these roles. */
    static List<Comparison> of(Published set, IdxFiles files, IdxFiles.Role... roles) {
        List<Comparison> comparisons = new ArrayList<>();
        for (IdxFiles.Role role : roles) {
            Path file = files.files().get(role);
            if (file != null && Files.isRegularFile(file)) {
                comparisons.add(of(file, set.md5().get(role.ordinal()), set.contents(), role.usual()));
            }
        }
        return comparisons;
    }

    /** Compares the files or the archive of CIFAR. */
    static List<Comparison> ofCifar(Published set, Path source) {
        if (Files.isDirectory(source)) {
            return new Cifar(set == Published.CIFAR100, set.classNames())
                    .fileNames().stream()
                            .map(source::resolve)
                            .filter(Files::isRegularFile)
                            .map(file -> of(
                                    file, "", set.contents(), file.getFileName().toString()))
                            .toList();
        }
        String sum = md5(source);
        boolean known =
                Stream.concat(set.md5().stream(), set.pythonArchive().stream()).anyMatch(sum::equals);
        String name = source.getFileName().toString();
        return List.of(known ? published(name, sum) : new Comparison(name, Verdict.UNKNOWN, "packed anew: " + NO_SUM));
    }

    private static Comparison published(String name, String sum) {
        return new Comparison(name, Verdict.PUBLISHED, "its publisher's file (MD5 sum " + sum + ")");
    }

    private static Comparison of(Path file, String packed, Map<String, String> contents, String usual) {
        String name = file.getFileName().toString();
        boolean zipped = Bytes.isZipped(file);
        String own = md5(file);
        String content = zipped ? md5OfContent(file) : own;
        String expected = contents.get(usual);
        if (own.equals(packed) || !zipped && own.equals(expected) && packed.isEmpty()) {
            return published(name, own);
        }
        if (content.equals(expected)) {
            return new Comparison(
                    name, Verdict.SAME_CONTENT, "its publisher's data, " + (zipped ? "packed anew" : "unpacked"));
        }
        return expected == null || name.endsWith(".npz")
                ? new Comparison(name, Verdict.UNKNOWN, NO_SUM)
                : new Comparison(
                        name,
                        Verdict.DIFFERENT,
                        "not its publisher's data (the content has MD5 sum " + content + ", not " + expected + ")");
    }

    private static String md5(Path file) {
        try {
            return Bytes.md5(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static String md5OfContent(Path file) {
        try (InputStream in = Bytes.open(Files.newInputStream(file))) {
            return Bytes.md5(in);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static DatasetException unreadable(Path file, IOException e) {
        return new DatasetException(
                "The file " + file + " cannot be read (" + FileFailure.reason(e)
                        + "); fetch it again or check its permissions.",
                e);
    }
}
