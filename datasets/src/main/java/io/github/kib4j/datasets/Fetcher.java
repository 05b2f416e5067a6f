package io.github.kib4j.datasets;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

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
        fetch(set, folder, set.addresses().stream().map(URI::create).toList());
    }

    /** Fetches from the first address that delivers. */
    void fetch(Published set, Path folder, List<URI> addresses) {
        boolean made = !Files.exists(folder);
        try {
            Files.createDirectories(folder);
            fetchAll(set, folder, addresses);
        } catch (IOException e) {
            throw new DatasetException(
                    "The folder " + folder + " cannot be created (" + FileFailure.reason(e) + "); choose another.", e);
        } finally {
            if (made) {
                removeIfEmpty(folder);
            }
        }
    }

    /** A folder that nothing came into is not left behind. */
    private static void removeIfEmpty(Path folder) {
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            // it holds something
        }
    }

    private void fetchAll(Published set, Path folder, List<URI> addresses) {
        for (int i = 0; i < set.files().size(); i++) {
            Path target = folder.resolve(set.files().get(i));
            if (Files.isRegularFile(target)) {
                report.accept(target.getFileName() + ": already there");
            } else {
                fetchFile(addresses, target, set.md5().get(i));
            }
        }
    }

    private void fetchFile(List<URI> addresses, Path target, String md5) {
        Path part = target.resolveSibling(target.getFileName() + ".part");
        List<String> failures = new ArrayList<>();
        for (URI folder : addresses) {
            URI address = folder.resolve(target.getFileName().toString());
            try {
                download(address, part);
                requireSum(part, md5);
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
                report.accept(target.getFileName() + ": fetched, checksum right");
                return;
            } catch (IOException e) {
                failures.add(address.getHost() + " (" + reason(e) + ")");
                report.accept(target.getFileName() + ": not from " + failures.get(failures.size() - 1));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DatasetException(
                        "Fetching " + address + " was interrupted; run it again to go on where it stopped.", e);
            }
        }
        throw new DatasetException("The file " + target.getFileName() + " could not be fetched from "
                + String.join(" nor from ", failures) + "; check the network and run it again"
                + (Files.exists(part) ? " to go on where it stopped" : "") + ", or place the file in "
                + target.getParent() + " by hand.");
    }

    /** Checks what was fetched; what has another sum is deleted. */
    private static void requireSum(Path part, String md5) throws IOException {
        String found = Bytes.md5(part);
        if (!found.equals(md5)) {
            Files.delete(part);
            throw new IOException(
                    "what came has MD5 sum " + found + ", not its publisher's " + md5 + ", and was deleted");
        }
    }

    /** Returns why nothing came, as part of a sentence. */
    private static String reason(IOException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "no host of this name is known";
            }
        }
        if (e instanceof HttpTimeoutException) {
            return "no answer in time";
        }
        if (e instanceof ConnectException) {
            return "no connection";
        }
        return e instanceof SSLException ? "no secure connection" : FileFailure.reason(e);
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
}
