package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.Pixels;
import io.github.kib4j.datasets.PartOfName.Role;
import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The data set {@code csv}: rows of a table, or of one for each part ({@code train.csv}, {@code test.csv}, {@code val.csv}). */
final class CsvSet {
    private static final int SHOWN = 5;

    private CsvSet() {}

    /** Returns whether there are such tables, and which is for what can be told. */
    static boolean isAt(Path place) {
        return Files.isDirectory(place)
                ? !tables(place).isEmpty() && parts(place) != null
                : Files.isRegularFile(place) && CsvTable.isNamedSo(place);
    }

    static Dataset read(Path place, Reading reading) {
        if (!Files.isDirectory(place)) {
            return new OwnSet("csv", part(CsvTable.read(place, reading.columns())), null, null)
                    .select(reading.selection());
        }
        Map<Role, Path> parts = parts(place);
        if (parts == null) {
            String there = tables(place).stream()
                    .limit(SHOWN)
                    .map(file -> file.getFileName().toString())
                    .collect(Collectors.joining(", "));
            throw new DatasetException("Which table of " + place + " is to be learned cannot be told (it has "
                    + (there.isEmpty() ? "no .csv or .tsv" : FileFailure.printable(there))
                    + "); name a file, or call them train.csv and test.csv.");
        }
        CsvTable train = CsvTable.read(Objects.requireNonNull(parts.get(Role.TRAIN)), reading.columns());
        return new OwnSet(
                        "csv",
                        part(train),
                        like(train, parts.get(Role.TEST), reading),
                        like(train, parts.get(Role.VALIDATION), reading))
                .select(reading.selection());
    }

    private static OwnSet.@Nullable Part like(CsvTable train, @Nullable Path file, Reading reading) {
        return file == null ? null : part(CsvTable.read(file, reading.columns()).inOrderOf(train));
    }

    /** Returns the rows of a table as samples. */
    static OwnSet.Part part(CsvTable table) {
        return new OwnSet.Part(
                table.file().toString(),
                Shape.of(table.features().size(), 1, 1),
                new Pixels.Floats(table.numbers()),
                table.labels());
    }

    /** Returns the only table, or one for each part; null if it cannot be told which is for what. */
    private static @Nullable Map<Role, Path> parts(Path folder) {
        List<Path> tables = tables(folder);
        Map<Role, Path> parts = new EnumMap<>(Role.class);
        for (Path table : tables) {
            Role role = PartOfName.role(PartOfName.stem(table)).orElse(tables.size() == 1 ? Role.TRAIN : null);
            if (role == null || parts.put(role, table) != null) {
                return null;
            }
        }
        return parts.containsKey(Role.TRAIN) ? parts : null;
    }

    private static List<Path> tables(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(CsvTable::isNamedSo).sorted().toList();
        } catch (IOException e) {
            throw new DatasetException("The folder " + folder + " cannot be read (" + FileFailure.reason(e) + ").", e);
        }
    }
}
