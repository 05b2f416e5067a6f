package io.github.kib4j.bindings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.internal.settings;
import io.github.kib4j.bindings.kernels.Kernels;
import io.github.kib4j.op.Lane;
import io.github.kib4j.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;

/** Kernels are called by bindings that were made from the same headers, or not at all. */
final class InterfaceTest {
    /** Of the headers' declarations under this number. */
    private static final Map<Integer, String> DECLARATIONS = Map.of(10, "8401857b94f688f7");

    /** Kernels that answer with a number. */
    private static Kernels answering(int number) {
        return new Kernels(null) {
            @Override
            public int interface_number() {
                return number;
            }
        };
    }

    private static KernelLibrary library(int number) {
        return new KernelLibrary("planted", answering(number)) {
            @Override
            public kib_queue queue(Lane lane) {
                throw new UnsupportedOperationException();
            }

            @Override
            public BytePointer bytes(Tensor tensor) {
                throw new UnsupportedOperationException();
            }
        };
    }

    @Test
    void kernelsOfAnotherInterfaceAreNotCalled() {
        assertThat(library(settings.KIB_INTERFACE).kernels()).isNotNull();
        int other = settings.KIB_INTERFACE + 1;
        assertThatThrownBy(() -> library(other))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("The planted device's kernels cannot be called: their library has interface " + other
                        + ", and kib4j-bindings is made for " + settings.KIB_INTERFACE
                        + "; take all of kib4j's jars from one version, or build all of them again.");
    }

    /** A number that nobody raises says nothing. */
    @Test
    void anotherDeclarationIsAnotherInterface() throws IOException, NoSuchAlgorithmException {
        Map<String, String> headers = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("../../native/include/kib"), "*.h")) {
            for (Path file : files) {
                headers.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        StringBuilder declarations = new StringBuilder();
        headers.forEach((name, text) -> declarations
                .append(name)
                .append(text.replaceAll("(?s)/\\*.*?\\*/|//[^\n]*", "")
                        .replaceAll("#define KIB_INTERFACE \\d+", "")
                        .replaceAll("\\s+", "")));
        byte[] digest = MessageDigest.getInstance("SHA-256")
                .digest(declarations.toString().getBytes(StandardCharsets.UTF_8));
        assertThat(HexFormat.of().formatHex(digest, 0, 8))
                .as("the declarations of native/include/kib: where they have changed, raise KIB_INTERFACE of"
                        + " kib/interface.h, and have the new number's digest here")
                .isEqualTo(DECLARATIONS.get(settings.KIB_INTERFACE));
    }
}
