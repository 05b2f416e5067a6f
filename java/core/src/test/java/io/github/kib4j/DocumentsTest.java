package io.github.kib4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What sources and documents say of documents is there: cited sections and equations, named files, links and their headings. */
final class DocumentsTest {
    private static final Set<String> KINDS =
            Set.of("java", "h", "cpp", "cu", "cuh", "md", "xml", "txt", "cmake", "sh", "toml");
    private static final Pattern FENCE = Pattern.compile("(?ms)^ *```.*?^ *```$");
    private static final Pattern CITATION = Pattern.compile(
            "mathematics\\.md[`})]*,? (section|equation)s? ((?:\\(?\\d+(?:\\.\\d+)?\\)?(?:, | and | to )?)+)");
    private static final Pattern NUMBER = Pattern.compile("\\d+(?:\\.\\d+)?");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern PATH =
            Pattern.compile("`((?:\\.ci|bench|cmake|datasets|docs|findings|java|native)/[A-Za-z0-9_./-]+)`");
    private static final Pattern NAMED = Pattern.compile("(?<!\")docs/[a-z0-9/-]+\\.md");

    private final Path root = root();
    private final Mathematics mathematics = Mathematics.of(read(root.resolve("docs/mathematics.md")));

    /** The numbers of the page's headings and of its equations, in their order. */
    private record Mathematics(List<String> sections, List<String> equations) {
        static Mathematics of(String page) {
            return new Mathematics(
                    all(Pattern.compile("(?m)^##+ (\\d+(?:\\.\\d+)?) "), page),
                    all(Pattern.compile("\\\\tag\\{([\\d.]+)}"), page));
        }

        /** Returns what is cited and not there. */
        List<String> missing(String text) {
            List<String> missing = new ArrayList<>();
            Matcher citation = CITATION.matcher(joined(text));
            while (citation.find()) {
                List<String> known = citation.group(1).equals("section") ? sections : equations;
                Matcher number = NUMBER.matcher(citation.group(2));
                while (number.find()) {
                    if (!known.contains(number.group())) {
                        missing.add(citation.group(1) + " " + number.group());
                    }
                }
            }
            return missing;
        }
    }

    @Test
    void citedSectionsAndEquationsAreThere() {
        int[] citations = {0};
        forEach(KINDS, (file, text) -> {
            assertThat(mathematics.missing(text)).as(file.toString()).isEmpty();
            citations[0] += all(CITATION, joined(text)).size();
        });
        assertThat(citations[0]).isGreaterThan(10);
    }

    @Test
    void thePageCitesItself() {
        String page = read(root.resolve("docs/mathematics.md"));
        assertThat(mathematics.equations()).containsAll(all(Pattern.compile("\\((\\d\\.\\d+)\\)"), page));
        assertThat(mathematics.sections()).containsAll(all(Pattern.compile("sections? (\\d\\.\\d+)"), joined(page)));
    }

    @Test
    void sectionsAndEquationsAreNumberedInOrder() {
        assertThat(mathematics.sections()).doesNotHaveDuplicates().isSortedAccordingTo(DocumentsTest::compare);
        assertThat(mathematics.equations()).doesNotHaveDuplicates().isSortedAccordingTo(DocumentsTest::compare);
        for (String equation : mathematics.equations()) {
            assertThat(mathematics.sections()).contains(equation.substring(0, equation.indexOf('.')));
        }
    }

    @Test
    void namedDocumentsAreThere() {
        forEach(KINDS, (file, text) -> {
            for (String name : all(NAMED, text)) {
                assertThat(root.resolve(name)).as("named in " + file).exists();
            }
        });
    }

    /** Files and folders that documents name from the root: but for what is built, and names that stand for any ({@code FAMILY.h}). */
    @Test
    void namedPathsAreThere() {
        int[] paths = {0};
        forEach(Set.of("md"), (file, text) -> {
            for (String path : all(PATH, FENCE.matcher(text).replaceAll(""))) {
                if (!path.contains("/target") && !path.matches(".*/(?!README)[A-Z]{4,}[._].*")) {
                    assertThat(root.resolve(path)).as("named in " + file).exists();
                    paths[0]++;
                }
            }
        });
        assertThat(paths[0]).isGreaterThan(20);
    }

    @Test
    void everyPackageIsOnThePageOfWhatMayChange() {
        String page = read(root.resolve("docs/stability.md"));
        Set<String> packages = new TreeSet<>();
        forEach(Set.of("java"), (file, text) -> {
            if (file.endsWith("package-info.java")
                    && file.toString().contains("src/main")
                    && !file.startsWith(root.resolve("bench"))) {
                packages.addAll(all(Pattern.compile("(?m)^package io\\.github\\.kib4j\\.(.*);$"), text));
            }
        });
        assertThat(packages)
                .hasSizeGreaterThan(20)
                .allSatisfy(name -> assertThat(page).contains("`" + name + "`"));
    }

    @Test
    void linksLeadSomewhere() {
        forEach(
                Set.of("md"),
                (file, text) ->
                        assertThat(broken(file, text)).as(file.toString()).isEmpty());
    }

    @Test
    void mistakesAreFound() {
        String comment =
                "/**\n * As in {@code docs/mathematics.md}, sections 3.1,\n * 99 and 4 (docs/mathematics.md, equation (3.99)).\n */";
        assertThat(mathematics.missing(comment)).containsExactly("section 99", "equation 3.99");
        Path readme = root.resolve("README.md");
        assertThat(broken(
                        readme,
                        "[a](docs/mathematics.md#1-letters) [b](docs/none.md) `[c](none)` [d](#none) [e](https://a.b)"))
                .containsExactly("docs/none.md", "#none");
    }

    /** Returns links of a document to files and headings that are not there. */
    private List<String> broken(Path file, String text) {
        String prose = FENCE.matcher(text).replaceAll("").replaceAll("`[^`\n]*`", "");
        return all(LINK, prose).stream()
                .filter(link -> !link.matches("[a-z]+:.*"))
                .filter(link -> {
                    String[] parts = link.split("#", 2);
                    Path target = parts[0].isEmpty() ? file : file.resolveSibling(parts[0]);
                    return !Files.exists(target)
                            || (parts.length == 2 && !anchors(read(target)).contains(parts[1]));
                })
                .toList();
    }

    /** Returns the names by which a document's headings are linked to. */
    private static Set<String> anchors(String text) {
        return all(Pattern.compile("(?m)^#+ (.*)$"), FENCE.matcher(text).replaceAll("")).stream()
                .map(heading -> heading.toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    /** Returns a text whose lines are joined, without what comments begin lines with. */
    private static String joined(String text) {
        return text.replaceAll("\\s*\n\\s*(?:\\*|//|#)?\\s*", " ");
    }

    /** Compares {@code 3.10} and {@code 3.2} as numbers of sections. */
    private static int compare(String first, String second) {
        String[] a = first.split("\\.");
        String[] b = second.split("\\.");
        for (int i = 0; i < Math.min(a.length, b.length); i++) {
            int order = Integer.compare(Integer.parseInt(a[i]), Integer.parseInt(b[i]));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(a.length, b.length);
    }

    /** Returns the first group of every match, or the whole match where there is none. */
    private static List<String> all(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map(match -> match.groupCount() == 0 ? match.group() : match.group(1))
                .toList();
    }

    private interface Reader {
        void read(Path file, String text);
    }

    private void forEach(Set<String> kinds, Reader reader) {
        Set<Path> files = new TreeSet<>();
        try {
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    String name = folder.getFileName().toString();
                    boolean skipped = !folder.equals(root)
                            && (name.startsWith(".") && !name.equals(".ci") || name.equals("target"));
                    return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    String name = file.getFileName().toString();
                    if (attributes.isRegularFile()
                            && kinds.contains(name.substring(name.lastIndexOf('.') + 1))
                            && !file.endsWith("DocumentsTest.java")) {
                        files.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        files.forEach(file -> reader.read(file, read(file)));
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the folder of the repository: the nearest above that has a CONTRIBUTING.md. */
    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("CONTRIBUTING.md"))) {
            folder = folder.getParent();
        }
        return folder;
    }
}
