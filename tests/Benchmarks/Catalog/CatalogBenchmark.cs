using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using Sluice.Benchmarks.Engine;
using Sluice.Benchmarks.Sync;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;

namespace Sluice.Benchmarks.Catalog;

/// <summary>
/// The catalogue service as a process of its own, on a catalogue as large as the real one, asked by ten clients at a time: answers that it has
/// kept, answers that it must load, and its health. With SQLite, and with PostgreSQL where <c>SLUICE_TEST_POSTGRES</c> names a server.
/// </summary>
internal static partial class CatalogBenchmark
{
    private const int AtOnce = 10;
    private const int Requests = 4_000;
    private const int WarmUp = 400;

    public static async Task<int> RunAsync(bool json)
    {
        var folder = Directory.CreateTempSubdirectory("sluice-bench-").FullName;
        try
        {
            List<Figures> figures = [await MeasureAsync("SQLite", Path.Combine(folder, "catalog.db"), folder)];
            if (Environment.GetEnvironmentVariable("SLUICE_TEST_POSTGRES") is { Length: > 0 } server)
            {
                var name = $"catalog_bench_{Guid.NewGuid():N}";
                await SyncBenchmark.ExecuteAsync(server, $"CREATE DATABASE {name}");
                try
                {
                    figures.Add(await MeasureAsync("PostgreSQL", new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString, folder));
                }
                finally
                {
                    NpgsqlConnection.ClearAllPools();
                    await SyncBenchmark.ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)");
                }
            }

            Print(figures, json);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Figures> MeasureAsync(string kind, string database, string folder)
    {
        var offers = await FillAsync(database, folder);
        using var service = Start(database);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = AtOnce }) { BaseAddress = await ListeningAsync(service) };
        try
        {
            return new Figures(
                kind,
                offers,
                await AskAsync(http, _ => "/v1/models?limit=1"),
                await AskAsync(http, n => $"/v1/models?limit=1&minContext={n}"),
                await AskAsync(http, n => $"/v1/models?limit=100&modality=image&maxInputPrice=1&minContext={n}"),
                await AskAsync(http, _ => "/health"));
        }
        finally
        {
            service.Kill();
            await service.WaitForExitAsync();
        }
    }

    private static async Task<long> FillAsync(string database, string folder)
    {
        await using var lists = await SyncBenchmark.ServeAsync(SyncLists.Write(Path.Combine(folder, "lists"), 1));
        await using var catalogue = await CatalogStore.OpenAsync(DatabaseAddress.Parse(database), default);
        using var http = new SourceHttp(new SourceLimits(), TimeProvider.System);
        var syncs = new SyncStore(catalogue, new SyncThresholds());
        await syncs.BeginAsync(new SyncBeginning("run", SyncKinds.Models, "benchmark", Force: false, DateTimeOffset.UtcNow), TimeSpan.FromHours(1), default);
        var at = new Uri(lists.Urls.Single());
        foreach (var source in SyncBenchmark.Sources(at).Append(new Featherless(new Uri(at, "/featherless"))))
        {
            await syncs.MergeAsync(await source.ReadAsync(http, default), new MergeRequest("run", DateTimeOffset.UtcNow, "benchmark"), default);
        }

        await syncs.EndAsync("run", null, DateTimeOffset.UtcNow, default);
        return await catalogue.CountAsync(default);
    }

    private static Process Start(string database)
    {
        // Beside this program lies the whole service: it is a reference.
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "CatalogApi.dll")])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["PORT"] = "0";
        start.Environment["DATABASE_URL"] = database;
        start.Environment.Remove("REDIS_URL");
        start.Environment.Remove("UPSTASH_REDIS_REST_URL");
        start.Environment.Remove("UPSTASH_REDIS_REST_TOKEN");
        return Process.Start(start)!;
    }

    private static async Task<Uri> ListeningAsync(Process service)
    {
        while (await service.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Address().Match(line) is { Success: true } found)
            {
                return new Uri(found.Value);
            }
        }

        throw new IOException("The catalogue service did not start.");
    }

    // Each request comes from another client, so that no limit is in the way.
    private static async Task<Latency> AskAsync(HttpClient http, Func<int, string> path)
    {
        var milliseconds = new ConcurrentBag<double>();
        await Concurrently.RunAsync(AtOnce, WarmUp + Requests, async n =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path(n));
            request.Headers.Add("X-Forwarded-For", string.Create(CultureInfo.InvariantCulture, $"203.0.113.{n % 250}"));
            var began = Stopwatch.GetTimestamp();
            using var answer = await http.SendAsync(request);
            await answer.Content.ReadAsByteArrayAsync();
            if (!answer.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"{path(n)} was answered {(int)answer.StatusCode}.");
            }

            if (n >= WarmUp)
            {
                milliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        });
        double[] sorted = [.. milliseconds.Order()];
        return new Latency(sorted[sorted.Length / 2], sorted[(int)Math.Ceiling(0.99 * sorted.Length) - 1]);
    }

    private static void Print(List<Figures> figures, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(figures, JsonSerializerOptions.Web));
            return;
        }

        foreach (var f in figures)
        {
            Console.WriteLine($"""
                {f.Database}, {f.Offers:N0} offers, {AtOnce} at a time, on {Environment.ProcessorCount} cores that clients and database share; ms.

                                                                     p50        p99     required p99
                GET /v1/models?limit=1, kept               {f.Kept.P50,10:N1} {f.Kept.P99,10:N1}     < 300
                  loaded each time                         {f.Loaded.P50,10:N1} {f.Loaded.P99,10:N1}     < 300
                A filtered page of 100, loaded each time   {f.Filtered.P50,10:N1} {f.Filtered.P99,10:N1}
                GET /health                                {f.Health.P50,10:N1} {f.Health.P99,10:N1}     < 100

                """);
        }
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+", RegexOptions.None, 1000)]
    private static partial Regex Address();

    private sealed record Latency(double P50, double P99);

    private sealed record Figures(string Database, long Offers, Latency Kept, Latency Loaded, Latency Filtered, Latency Health);
}
