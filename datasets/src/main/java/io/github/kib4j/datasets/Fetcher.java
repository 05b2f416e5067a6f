package io.github.kib4j.datasets;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.Consumer;

/**
 * Downloads a published data set into a folder. A file is complete only under its own name: until its checksum was right it is
 * called {@code NAME.part}, from which an interrupted download goes on.
 */
public final class Fetcher {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient client = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(Duration.ofSeconds(20))
            .build();
    private final Consumer<String> report;

    /**
     * Creates a fetcher that reports what it does, a line at a time.
     *
     * @param report hears what is being fetched
     */
    public Fetcher(Consumer<String> report) {
        this.report = report;
    }

    /**
     * Fetches what of a data set is not there yet.
     *
     * @param name the data set
     * @param folder receives the files
     * @throws DatasetException if the name is unknown, the server does not deliver, or a checksum is wrong
     */
    public void fetch(String name, Path folder) {
        Published set = Datasets.published(name);
        fetch(set, folder, URI.create(set.address()));
    }

    void fetch(Published set, Path folder, URI address) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new DatasetException(
                    "The folder " + folder + " cannot be created (" + e.getMessage() + "); choose another.", e);
        }
        for (int i = 0; i < set.files().size(); i++) {
            Path target = folder.resolve(set.files().get(i));
            if (Files.isRegularFile(target)) {
                report.accept(target.getFileName() + ": already there");
            } else {
                fetchFile(address.resolve(set.files().get(i)), target, set.md5().get(i));
            }
        }
    }

    private void fetchFile(URI address, Path target, String md5) {
        Path part = target.resolveSibling(target.getFileName() + ".part");
        try {
            download(address, part);
            String found = md5(part);
            if (!found.equals(md5)) {
                Files.delete(part);
                throw new DatasetException("The file from " + address + " has MD5 sum " + found
                        + ", not its publisher's " + md5 + "; it was deleted: fetch it again, or place it in "
                        + target.getParent() + " by hand.");
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            report.accept(target.getFileName() + ": fetched, checksum right");
        } catch (IOException e) {
            throw new DatasetException(
                    "Fetching " + address + " failed ("
                            + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage())
                            + "); run it again to go on where it stopped, or place the file in " + target.getParent()
                            + " by hand.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatasetException(
                    "Fetching " + address + " was interrupted; run it again to go on where it stopped.", e);
        }
    }

    private void download(URI address, Path part) throws IOException, InterruptedException {
        long have = Files.exists(part) ? Files.size(part) : 0;
        HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(PATIENCE);
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-");
        }
        report.accept(part.getFileName() + (have > 0 ? ": going on at byte " + have : ": from " + address));
        HttpResponse<InputStream> response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            int status = response.statusCode();
            if (status == 416) {
                return; // the part is complete already; the checksum will tell
            }
            if (status != 200 && status != 206) {
                throw new IOException("the server answered " + status);
            }
            StandardOpenOption how = status == 206 ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING;
            try (OutputStream out =
                    Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, how)) {
                body.transferTo(out);
            }
        }
    }

    /** Returns a file's MD5 sum, by which publishers of these sets identify them. */
    static String md5(Path file) throws IOException {
        try (DigestInputStream in =
                new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("MD5"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has MD5", e);
        }
    }
}
