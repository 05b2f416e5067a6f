package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.testkit.Pickles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pickles of CIFAR's kind are read, whoever wrote them; whatever else a pickle could do is refused, and not done. */
final class PickleTest {
    private static final Path FILE = Path.of("data_batch_1");

    /** By Python 3.11 with numpy 2.4: {'data': u1 [2,3] of 0..5, 'labels': >i4 [7,300], 'name': 'e', ...}. */
    static final List<String> OF_PYTHON_3 = List.of(
            "gAJ9cQAoWAQAAABkYXRhcQFjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQJjbnVtcHkKbmRhcnJheQpx"
                    + "A0sAhXEEY19jb2RlY3MKZW5jb2RlCnEFWAEAAABicQZYBgAAAGxhdGluMXEHhnEIUnEJh3EKUnELKEsBSwJLA4ZxDGNudW1w"
                    + "eQpkdHlwZQpxDVgCAAAAdTFxDomIh3EPUnEQKEsDWAEAAAB8cRFOTk5K/////0r/////SwB0cRJiiWgFWAYAAAAAAQIDBAVx"
                    + "E2gHhnEUUnEVdHEWYlgGAAAAbGFiZWxzcRdoAmgDSwCFcRhoCYdxGVJxGihLAUsChXEbaA1YAgAAAGk0cRyJiIdxHVJxHihL"
                    + "A1gBAAAAPnEfTk5OSv////9K/////0sAdHEgYoloBVgIAAAAAAAABwAAASxxIWgHhnEiUnEjdHEkYlgEAAAAbmFtZXElWAIA"
                    + "AADDqXEmWAMAAABiaWdxJ4oGAAAAAAABWAQAAABub25lcShOWAYAAABuZXN0ZWRxKX1xKlgBAAAAYXErXXEsSwFhc3Uu",
            "gAN9cQAoWAQAAABkYXRhcQFjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQJjbnVtcHkKbmRhcnJheQpx"
                    + "A0sAhXEEQwFicQWHcQZScQcoSwFLAksDhnEIY251bXB5CmR0eXBlCnEJWAIAAAB1MXEKiYiHcQtScQwoSwNYAQAAAHxxDU5O"
                    + "Tkr/////Sv////9LAHRxDmKJQwYAAQIDBAVxD3RxEGJYBgAAAGxhYmVsc3ERaAJoA0sAhXESaAWHcRNScRQoSwFLAoVxFWgJ"
                    + "WAIAAABpNHEWiYiHcRdScRgoSwNYAQAAAD5xGU5OTkr/////Sv////9LAHRxGmKJQwgAAAAHAAABLHEbdHEcYlgEAAAAbmFt"
                    + "ZXEdWAIAAADDqXEeWAMAAABiaWdxH4oGAAAAAAABWAQAAABub25lcSBOWAYAAABuZXN0ZWRxIX1xIlgBAAAAYXEjXXEkSwFh"
                    + "c3Uu",
            "gASVJgEAAAAAAAB9lCiMBGRhdGGUjBZudW1weS5fY29yZS5tdWx0aWFycmF5lIwMX3JlY29uc3RydWN0lJOUjAVudW1weZSM"
                    + "B25kYXJyYXmUk5RLAIWUQwFilIeUUpQoSwFLAksDhpRoBYwFZHR5cGWUk5SMAnUxlImIh5RSlChLA4wBfJROTk5K/////0r/"
                    + "////SwB0lGKJQwYAAQIDBAWUdJRijAZsYWJlbHOUaARoB0sAhZRoCYeUUpQoSwFLAoWUaA6MAmk0lImIh5RSlChLA4wBPpRO"
                    + "Tk5K/////0r/////SwB0lGKJQwgAAAAHAAABLJR0lGKMBG5hbWWUjALDqZSMA2JpZ5SKBgAAAAAAAYwEbm9uZZROjAZuZXN0"
                    + "ZWSUfZSMAWGUXZRLAWFzdS4=",
            "gAWVDAEAAAAAAAB9lCiMBGRhdGGUjBNudW1weS5fY29yZS5udW1lcmljlIwLX2Zyb21idWZmZXKUk5QolgYAAAAAAAAAAAEC"
                    + "AwQFlIwFbnVtcHmUjAVkdHlwZZSTlIwCdTGUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LAHSUYksCSwOGlIwBQ5R0lFKU"
                    + "jAZsYWJlbHOUaAQolggAAAAAAAAAAAAABwAAASyUaAiMAmk0lImIh5RSlChLA4wBPpROTk5K/////0r/////SwB0lGJLAoWU"
                    + "aA90lFKUjARuYW1llIwCw6mUjANiaWeUigYAAAAAAAGMBG5vbmWUTowGbmVzdGVklH2UjAFhlF2USwFhc3Uu");

    /** The same way, {'data': what calls math.sqrt(4.0)}. */
    private static final List<String> CALLS = List.of(
            "gAJ9cQBYBAAAAGRhdGFxAWNtYXRoCnNxcnQKcQJHQBAAAAAAAACFcQNScQRzLg==",
            "gASVKAAAAAAAAAB9lIwEZGF0YZSMBG1hdGiUjARzcXJ0lJOUR0AQAAAAAAAAhZRSlHMu");

    private static final String BY_COLUMNS =
            "gAJ9cQBYBAAAAGRhdGFxAWNudW1weS5fY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAmNudW1weQpuZGFycmF5CnED"
                    + "SwCFcQRjX2NvZGVjcwplbmNvZGUKcQVYAQAAAGJxBlgGAAAAbGF0aW4xcQeGcQhScQmHcQpScQsoSwFLAksDhnEMY251bXB5"
                    + "CmR0eXBlCnENWAIAAAB1MXEOiYiHcQ9ScRAoSwNYAQAAAHxxEU5OTkr/////Sv////9LAHRxEmKIaAVYBgAAAAADAQQCBXET"
                    + "aAeGcRRScRV0cRZicy4=";
    private static final String OBJECTS =
            "gAJ9cQBYBAAAAGRhdGFxAWNudW1weS5fY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAmNudW1weQpuZGFycmF5CnED"
                    + "SwCFcQRjX2NvZGVjcwplbmNvZGUKcQVYAQAAAGJxBlgGAAAAbGF0aW4xcQeGcQhScQmHcQpScQsoSwFLAoVxDGNudW1weQpk"
                    + "dHlwZQpxDVgCAAAATzhxDomIh3EPUnEQKEsDWAEAAAB8cRFOTk5K/////0r/////Sz90cRJiiV1xEyhOSwFldHEUYnMu";
    private static final String REAL =
            "gAJ9cQBYBAAAAGRhdGFxAWNudW1weS5fY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAmNudW1weQpuZGFycmF5CnED"
                    + "SwCFcQRjX2NvZGVjcwplbmNvZGUKcQVYAQAAAGJxBlgGAAAAbGF0aW4xcQeGcQhScQmHcQpScQsoSwFLAYVxDGNudW1weQpk"
                    + "dHlwZQpxDVgCAAAAZjhxDomIh3EPUnEQKEsDWAEAAAA8cRFOTk5K/////0r/////SwB0cRJiiWgFWAkAAAAAAAAAAADDuD9x"
                    + "E2gHhnEUUnEVdHEWYnMu";

    @TempDir
    Path folder;

    private static Map<String, Object> read(String base64) {
        return Pickle.read(FILE, Base64.getDecoder().decode(base64));
    }

    private static byte[] content(Object numbers) {
        Numbers array = (Numbers) numbers;
        return java.util.Arrays.copyOfRange(array.data(), array.offset(), array.offset() + 6);
    }

    @Test
    void whatPython3WritesIsReadInEveryProtocol() {
        for (String base64 : OF_PYTHON_3) {
            Map<String, Object> members = read(base64);
            Numbers data = (Numbers) members.get("data");
            assertThat(data.extents()).containsExactly(2, 3);
            assertThat(data.type().isUnsignedBytes()).isTrue();
            assertThat(content(data)).containsExactly(0, 1, 2, 3, 4, 5);
            assertThat(((Numbers) members.get("labels")).labels(FILE)).containsExactly(7, 300);
            assertThat(members).containsEntry("name", "\u00e9").containsEntry("big", 1L << 40);
        }
    }

    /** The list of names is known to the byte by its checksum: what the tests write is what Python 2 wrote. */
    @Test
    void theTestsWriteAsThePublisherDid() throws IOException {
        Map<String, Object> ten = new LinkedHashMap<>();
        ten.put("num_cases_per_batch", 10_000);
        ten.put("label_names", Published.CIFAR10.classNames());
        ten.put("num_vis", 3072);
        assertThat(md5(Pickles.of(ten))).isEqualTo("5ff9c542aee3614f3951f8cda6e48888");
        Map<String, Object> hundred = new LinkedHashMap<>();
        hundred.put("fine_label_names", Published.CIFAR100.classNames());
        hundred.put(
                "coarse_label_names",
                List.of(("aquatic_mammals fish flowers food_containers fruit_and_vegetables"
                                + " household_electrical_devices household_furniture insects large_carnivores"
                                + " large_man-made_outdoor_things large_natural_outdoor_scenes"
                                + " large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people"
                                + " reptiles small_mammals trees vehicles_1 vehicles_2")
                        .split(" ")));
        assertThat(md5(Pickles.of(hundred))).isEqualTo("7973b15100ade9c7d40fb424638fde48");
        assertThat(Pickle.read(FILE, Pickles.of(hundred)).get("fine_label_names"))
                .isEqualTo(Published.CIFAR100.classNames());
        assertThat(Pickle.read(FILE, Pickles.of(ten))).containsEntry("num_vis", 3072L);
    }

    private String md5(byte[] bytes) throws IOException {
        return Bytes.md5(Files.write(folder.resolve("sum"), bytes));
    }

    @Test
    void longListsAndArraysOfPython2AreRead() {
        List<Integer> labels = java.util.stream.IntStream.range(0, 2500)
                .map(i -> i % 300)
                .boxed()
                .toList();
        byte[] data = new byte[70_000];
        data[69_999] = 5;
        Map<String, Object> members =
                Pickle.read(FILE, Pickles.of(Map.of("labels", labels, "data", new Pickles.Bytes(7, 10_000, data))));
        assertThat(members.get("labels"))
                .isEqualTo(labels.stream().map(Integer::longValue).toList());
        Numbers numbers = (Numbers) members.get("data");
        assertThat(numbers.extents()).containsExactly(7, 10_000);
        assertThat(numbers.data()[numbers.offset() + 69_999]).isEqualTo((byte) 5);
    }

    @Test
    void whatCallsAnythingIsRefusedByName() {
        for (String base64 : CALLS) {
            assertThatThrownBy(() -> read(base64))
                    .isInstanceOf(DatasetException.class)
                    .hasMessage("The file data_batch_1 wants Python's 'math.sqrt', which no file of CIFAR does;"
                            + " nothing of it was run: fetch the publisher's file.");
        }
    }

    @Test
    void arraysOfOtherKindsAreRefused() {
        assertThatThrownBy(() -> read(BY_COLUMNS)).hasMessageContaining("an array is stored by columns");
        assertThatThrownBy(() -> read(OBJECTS)).hasMessageContaining("an array has no shape, type or content");
        assertThatThrownBy(() -> read(REAL)).hasMessageContaining("an array of other things than integers");
    }

    /** Programs that are none, in the letters of their instructions. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "a.",
                "N.",
                "(.",
                "}",
                "}a.",
                "}NNs.",
                "}(NNu.",
                "](N.",
                "]N.",
                "t.",
                "u.",
                "e.",
                "s.",
                "R.",
                "b.",
                "0.",
                "h\0.",
                "q\0.",
                "cmath\nsqrt\n.",
                "cnumpy\ndtype\n.",
                "cnumpy\ndtype\n)R.",
                "cnumpy\ndtype\n)b.",
                "cnumpy.core.multiarray\n_reconstruct\n)R.",
                "c_codecs\nencode\n)R.",
                "]q\0h\0a.",
                "ibuiltins\nlen\n.",
                "obuiltins",
                "Pid\n.",
                "Q.",
                "I1\n.",
                "F1\n.",
                "}.more",
                "X\u00ff\u00ff\u00ff\u00ff",
                "T\0\0\0\u007f",
                "\u0080\1.",
                "\u0080\6.",
                "\u008a\u0009123456789.",
                "c"
            })
    void whatIsNoDictionaryOfDataIsOneSentence(String program) {
        byte[] bytes = program.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> Pickle.read(FILE, bytes))
                .isInstanceOf(DatasetException.class)
                .hasMessageStartingWith("The file data_batch_1 ")
                .hasMessageEndingWith(".");
    }

    /** Four bytes that make a list hold itself cost nothing. */
    @Test
    void aListOfItselfIsHarmless() {
        byte[] program = "}U\1a]q\0h\0as.".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(Pickle.read(FILE, program)).containsEntry("a", List.of());
    }
}
