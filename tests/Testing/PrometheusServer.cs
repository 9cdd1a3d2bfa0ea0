using System.Diagnostics;
using System.Globalization;

namespace Sluice.Testing;

/// <summary>A Prometheus of the machine's own on a free port of the loopback address, scraping one target. Gone with its data at the end.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly string? Program = Environment.GetEnvironmentVariable("SLUICE_TEST_PROMETHEUS") is { Length: > 0 } set
        ? set
        : new[] { "/usr/bin/prometheus", "/usr/local/bin/prometheus" }.FirstOrDefault(File.Exists);

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-prometheus-").FullName;
    private readonly Process _process;

    private PrometheusServer(Uri target, string? bearer)
    {
        Url = new Uri($"http://127.0.0.1:{FreePort.Next().ToString(CultureInfo.InvariantCulture)}");
        var configuration = Path.Combine(_folder, "prometheus.yml");
        File.WriteAllText(configuration, $"""
            global: {"{"} scrape_interval: 500ms, scrape_timeout: 500ms {"}"}
            scrape_configs:
              - job_name: sluice
                metrics_path: {target.AbsolutePath}
                {(bearer is null ? "" : $"authorization: {{ credentials: {bearer} }}")}
                static_configs: [{"{"} targets: ["{target.Authority}"] {"}"}]
            """);
        _process = Process.Start(new ProcessStartInfo(Program!)
        {
            ArgumentList =
            {
                "--config.file=" + configuration, "--storage.tsdb.path=" + Path.Combine(_folder, "data"), "--web.listen-address=" + Url.Authority, "--log.level=error",
            },
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        _process.BeginErrorReadLine();
    }

    /// <summary>Where it answers.</summary>
    public Uri Url { get; }

    /// <summary>Whether the machine has one.</summary>
    public static bool IsInstalled => Program is not null;

    /// <summary>Starts one and waits until it has scraped the target.</summary>
    /// <param name="target">Whose metrics.</param>
    /// <param name="bearer">Sent along; null for none.</param>
    public static async Task<PrometheusServer> StartAsync(Uri target, string? bearer = null)
    {
        var server = new PrometheusServer(target, bearer);
        try
        {
            using var http = new HttpClient();
            await Eventually.AsyncOf(() => ScrapedAsync(http, server.Url), answer => answer.Contains("\"1\"]", StringComparison.Ordinal), "Prometheus has scraped its target");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // Refuses connections while it starts.
    private static async Task<string> ScrapedAsync(HttpClient http, Uri url)
    {
        try
        {
            return await http.GetStringAsync(new Uri(url, "/api/v1/query?query=up"));
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
    }
}
