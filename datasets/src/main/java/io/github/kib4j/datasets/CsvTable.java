package io.github.kib4j.datasets;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;
import org.jspecify.annotations.Nullable;

/**
 * A table of numbers with a header, out of a file of comma-separated values (RFC 4180: fields may be quoted; in a {@code .tsv} tabs
 * separate, and semicolons where the header has no comma), gzipped or not.
 *
 * @param file it was read from
 * @param features names of the columns of numbers
 * @param numbers row after row
 * @param labels of the rows, as they are written; empty where no column has them
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
public record CsvTable(Path file, List<String> features, float[] numbers, List<String> labels) {
    /** Names, in any case, of the column of classes, where none is named. */
    static final List<String> USUAL_LABELS = List.of("label", "class", "target", "species", "y");

    private static final Set<String> MISSING = Set.of("", "na", "n/a", "nan", "null", "none", "?", "-");
    private static final int MOST_NUMBERS = 1 << 28;
    private static final int SHOWN = 12;

    /**
     * Which columns of a table are what.
     *
     * @param label name of the column of classes; null for the one with a usual name
     * @param leftOut names of columns that are not read
     */
    public record Columns(@Nullable String label, List<String> leftOut) {
        /** A usual name for the classes, and numbers in all other columns. */
        public static final Columns USUAL = new Columns(null, List.of());
    }

    /** {@return how many rows there are} */
    public int rows() {
        return features.isEmpty() ? 0 : numbers.length / features.size();
    }

    /** Returns whether a file's name is that of such a table. */
    static boolean isNamedSo(Path file) {
        String name = file.getFileName() == null ? "" : file.getFileName().toString();
        return name.toLowerCase(Locale.ROOT).matches("[^.].*\\.(csv|tsv)(\\.gz)?");
    }

    /**
     * {@return a table of labelled rows}
     *
     * @param file of values
     * @param columns which of them are what
     * @throws DatasetException if it cannot be read, has no such column, or a value is missing or no number; the message says where
     */
    public static CsvTable read(Path file, Columns columns) {
        return new Parsing(file, columns, true).read();
    }

    /**
     * {@return a table of rows without classes: every column is numbers, but for those that are left out}
     *
     * @param file of values
     * @param leftOut names of columns that are not read, which need not be there
     * @throws DatasetException if it cannot be read, or a value is missing or no number; the message says where
     */
    public static CsvTable unlabelled(Path file, List<String> leftOut) {
        return new Parsing(file, new Columns(null, leftOut), false).read();
    }

    /** Returns this table with another's columns in their order; refuses one that has others. */
    CsvTable inOrderOf(CsvTable other) {
        if (features.equals(other.features)) {
            return this;
        }
        int width = features.size();
        int[] from = other.features.stream().mapToInt(features::indexOf).toArray();
        if (from.length != width || Arrays.stream(from).anyMatch(column -> column < 0)) {
            throw new DatasetException("The files " + other.file + " and " + file
                    + " have different columns: the first has " + named(other.features) + ", the second "
                    + named(features) + "; give both the same.");
        }
        float[] ordered = new float[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            ordered[i] = numbers[i / width * width + from[i % width]];
        }
        return new CsvTable(file, other.features, ordered, labels);
    }

    private static String named(List<String> columns) {
        String shown = columns.stream()
                .limit(SHOWN)
                .map(name -> "'" + FileFailure.printable(name) + "'")
                .collect(Collectors.joining(", "));
        return columns.isEmpty()
                ? "none"
                : shown + (columns.size() > SHOWN ? " and " + (columns.size() - SHOWN) + " more" : "");
    }

    /** Reads one file. */
    private static final class Parsing {
        private final Path file;
        private final Columns columns;
        private final boolean labelled;
        private final Map<String, String> known = new HashMap<>();
        private final List<String> labels = new ArrayList<>();
        private float[] numbers = new float[1 << 10];
        private int count;
        /** Of the file, where the row ends that was read last. */
        private long line;

        Parsing(Path file, Columns columns, boolean labelled) {
            this.file = file;
            this.columns = columns;
            this.labelled = labelled;
        }

        CsvTable read() {
            try (InputStream in = Bytes.open(Files.newInputStream(RegularFile.require(file)));
                    Reader text = new InputStreamReader(
                            in,
                            StandardCharsets.UTF_8
                                    .newDecoder()
                                    .onMalformedInput(CodingErrorAction.REPORT)
                                    .onUnmappableCharacter(CodingErrorAction.REPORT));
                    Text marked = new Text(text)) {
                CSVFormat format = CSVFormat.RFC4180
                        .builder()
                        .setDelimiter(separator(marked.header()))
                        .setIgnoreEmptyLines(true)
                        .setIgnoreSurroundingSpaces(true)
                        .setDuplicateHeaderMode(DuplicateHeaderMode.ALLOW_ALL)
                        .get();
                try (CSVParser parser =
                        CSVParser.builder().setReader(marked).setFormat(format).get()) {
                    return read(parser);
                }
            } catch (IOException e) {
                throw unreadable(FileFailure.reason(e), e);
            } catch (UncheckedIOException e) {
                IOException cause = e.getCause();
                boolean quotes =
                        cause != null && String.valueOf(cause.getMessage()).contains("encapsulated");
                throw unreadable(
                        quotes
                                ? "after line " + line + " a quoted field does not end, or text follows its end"
                                : FileFailure.reason(cause == null ? new IOException(e) : cause),
                        e);
            }
        }

        private CsvTable read(CSVParser parser) {
            List<String> header = new ArrayList<>();
            int label = -1;
            int[] features = {};
            for (CSVRecord row : parser) {
                if (header.isEmpty()) {
                    row.forEach(header::add);
                    label = label(header);
                    features = features(header, label);
                    line = parser.getCurrentLineNumber();
                    continue;
                }
                line = parser.getCurrentLineNumber();
                if (row.size() != header.size()) {
                    throw new DatasetException(
                            "The file " + file + " has " + count(row.size(), "field") + " in line " + line
                                    + ", but its header " + header.size()
                                    + "; mend that line.");
                }
                add(row, header, features);
                if (label >= 0) {
                    labels.add(label(row.get(label), header.get(label)));
                }
            }
            if (header.isEmpty() || count == 0) {
                throw new DatasetException("The file " + file + " has no row"
                        + (header.isEmpty() ? ", not even a header" : " below its header") + "; name another.");
            }
            List<String> names = Arrays.stream(features).mapToObj(header::get).toList();
            return new CsvTable(file, names, Arrays.copyOf(numbers, count), labels);
        }

        private int label(List<String> header) {
            requireDistinct(header);
            columns.leftOut().stream()
                    .filter(name -> labelled && !header.contains(name))
                    .findFirst()
                    .ifPresent(name -> {
                        throw new DatasetException("The file " + file + " has no column '" + FileFailure.printable(name)
                                + "' to leave out; it has " + named(header) + ".");
                    });
            if (!labelled) {
                return -1;
            }
            String wanted = columns.label();
            if (wanted != null) {
                int named = header.indexOf(wanted);
                if (named < 0) {
                    throw new DatasetException("The file " + file + " has no column '" + FileFailure.printable(wanted)
                            + "'; its columns are " + named(header) + ".");
                }
                return named;
            }
            int[] usual = IntStream.range(0, header.size())
                    .filter(i -> USUAL_LABELS.contains(header.get(i).toLowerCase(Locale.ROOT)))
                    .toArray();
            if (usual.length != 1) {
                throw new DatasetException("Which column of " + file + " has the classes cannot be told; name one of "
                        + named(header) + ".");
            }
            return usual[0];
        }

        private void requireDistinct(List<String> header) {
            for (int i = 0; i < header.size(); i++) {
                String name = header.get(i);
                if (header.indexOf(name) != i) {
                    throw new DatasetException("The file " + file + " has two columns '" + FileFailure.printable(name)
                            + "'; the first line must name each, by another name.");
                }
            }
        }

        private int[] features(List<String> header, int label) {
            int[] features = IntStream.range(0, header.size())
                    .filter(i -> i != label && !columns.leftOut().contains(header.get(i)))
                    .toArray();
            if (features.length == 0) {
                throw new DatasetException("The file " + file + " has no column of numbers beside "
                        + (label < 0 ? "those that are left out" : "the classes") + "; its columns are "
                        + named(header) + ".");
            }
            return features;
        }

        private void add(CSVRecord row, List<String> header, int[] features) {
            if ((long) count + features.length > MOST_NUMBERS) {
                throw new DatasetException("The file " + file + " has more than " + MOST_NUMBERS
                        + " numbers, more than can be read; take fewer rows or columns.");
            }
            if (count + features.length > numbers.length) {
                numbers = Arrays.copyOf(numbers, Math.max(2 * numbers.length, count + features.length));
            }
            for (int column : features) {
                numbers[count++] = number(row.get(column), header.get(column));
            }
        }

        private float number(String text, String column) {
            String where = " in line " + line + ", column '" + FileFailure.printable(column) + "'";
            String trimmed = text.strip();
            if (MISSING.contains(trimmed.toLowerCase(Locale.ROOT))) {
                throw new DatasetException("The file " + file + " has no value" + where
                        + (trimmed.isEmpty() ? "" : " ('" + trimmed + "')")
                        + "; fill it in, or leave out the row or the column.");
            }
            float number;
            try {
                if (!trimmed.matches("[-+.0-9eE]+")) {
                    throw new NumberFormatException("letters");
                }
                number = Float.parseFloat(trimmed);
            } catch (NumberFormatException e) {
                throw new DatasetException(
                        "The file " + file + " has no number" + where + ", but '" + FileFailure.printable(trimmed)
                                + "'; write it as numbers, or leave the column out.",
                        e);
            }
            if (!Float.isFinite(number)) {
                throw new DatasetException("The file " + file + " has " + FileFailure.printable(trimmed) + where
                        + ", more than single precision holds; scale that column.");
            }
            return number;
        }

        private String label(String text, String column) {
            String trimmed = text.strip();
            if (trimmed.isEmpty()) {
                throw new DatasetException("The file " + file + " has no class in line " + line + ", column '"
                        + FileFailure.printable(column) + "'; fill it in, or leave out the row.");
            }
            return known.computeIfAbsent(trimmed, name -> name);
        }

        private static String count(int number, String noun) {
            return number + " " + noun + (number == 1 ? "" : "s");
        }

        private String separator(String header) {
            String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
            if (name.endsWith(".tsv") || name.endsWith(".tsv.gz")) {
                return "\t";
            }
            return header.indexOf(',') < 0 && header.indexOf(';') >= 0 ? ";" : ",";
        }

        private DatasetException unreadable(String why, Exception cause) {
            return new DatasetException(
                    "The file " + file + " cannot be read (" + why + "); mend it or name another.", cause);
        }
    }

    /** Text whose first line can be looked at before it is read, and whose mark of byte order is passed over. */
    private static final class Text extends java.io.BufferedReader {
        private static final int LONGEST_HEADER = 1 << 22;
        private static final int BYTE_ORDER_MARK = 0xFEFF;

        Text(Reader text) throws IOException {
            super(text);
            mark(1);
            if (read() != BYTE_ORDER_MARK) {
                reset();
            }
        }

        /** Returns the first line without reading on. */
        String header() throws IOException {
            mark(LONGEST_HEADER);
            StringBuilder line = new StringBuilder();
            int next = read();
            while (next >= 0 && next != '\n' && next != '\r' && line.length() < LONGEST_HEADER - 2) {
                line.append((char) next);
                next = read();
            }
            reset();
            return line.toString();
        }
    }
}
