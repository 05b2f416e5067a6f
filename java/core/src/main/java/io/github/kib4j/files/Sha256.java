package io.github.kib4j.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 sums, in hexadecimal. */
public final class Sha256 {
    private static final int PIECE = 1 << 20;

    private Sha256() {}

    /**
     * {@return a file's sum}
     *
     * @param file the file
     * @throws IOException if it cannot be read
     */
    public static String of(Path file) throws IOException {
        MessageDigest sum = begin();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer piece = ByteBuffer.allocate(PIECE);
            while (channel.read(piece) >= 0) {
                sum.update(piece.flip());
                piece.clear();
            }
        }
        return end(sum);
    }

    /**
     * {@return a text's sum, in UTF-8}
     *
     * @param text the text
     */
    public static String of(String text) {
        MessageDigest sum = begin();
        sum.update(text.getBytes(StandardCharsets.UTF_8));
        return end(sum);
    }

    static MessageDigest begin() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256.", e);
        }
    }

    static String end(MessageDigest sum) {
        return HexFormat.of().formatHex(sum.digest());
    }
}
