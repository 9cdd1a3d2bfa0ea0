using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;

namespace Sluice.Benchmarks.Sync;

/// <summary>
/// Model syncs of lists as long as the real ones, or of those where a variable names their folder, from a server on this machine into
/// PostgreSQL: a first one, one that changes nothing, one of a provider with many offers, and ten times the rows; beside a bare COPY of the
/// same rows in the same run.
/// </summary>
internal static class SyncBenchmark
{
    private const string Variable = "SLUICE_TEST_POSTGRES";
    private const string Recorded = "SLUICE_FIXTURES";
    private const int Times = 10;
    private const int IngestRounds = 5;

    public static async Task<int> RunAsync(bool json)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } server)
        {
            await Console.Error.WriteLineAsync($"{Variable} must name a PostgreSQL server on which this may make databases.");
            return 1;
        }

        var folder = Directory.CreateTempSubdirectory("sluice-bench-").FullName;
        try
        {
            // The first run is the compiler's.
            var lists = SyncLists.Write(Path.Combine(folder, "one"), 1);
            if (Environment.GetEnvironmentVariable(Recorded) is { Length: > 0 } recorded)
            {
                SyncLists.Replace(lists, recorded);
            }

            await WithDatabaseAsync(server, database => MeasureAsync(database, lists));
            var one = await WithDatabaseAsync(server, database => MeasureAsync(database, lists));
            var peak = Process.GetCurrentProcess().PeakWorkingSet64 / (1024.0 * 1024);
            var ingest = await IngestAsync(server, lists);
            var many = await WithDatabaseAsync(server, database => MeasureAsync(database, SyncLists.Write(Path.Combine(folder, "many"), Times)));
            Print(
                new Figures(
                    one.First,
                    one.Second,
                    one.SecondWrites,
                    one.Featherless,
                    peak,
                    SyncLists.ModelsDevRows / ingest.Merge,
                    SyncLists.ModelsDevRows / ingest.CopyOfStored,
                    SyncLists.ModelsDevRows / ingest.CopyOfLists,
                    many.First / one.First),
                json);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Run> MeasureAsync(string database, string folder)
    {
        await using var lists = await ServeAsync(folder);
        var at = new Uri(lists.Urls.Single());
        using var http = new SourceHttp(new SourceLimits(), TimeProvider.System);
        var sources = Sources(at);

        var first = await SyncAsync("first", sources);
        var before = await WritesAsync(database);
        var second = await SyncAsync("second", sources);
        var writes = await WritesAsync(database) - before;
        var featherless = await SyncAsync("third", [new Featherless(new Uri(at, "/featherless"))]);
        return new Run(first.TotalSeconds, second.TotalSeconds, writes, featherless.TotalSeconds);

        async Task<TimeSpan> SyncAsync(string id, ISource[] all)
        {
            // One of its own: server processes tell what they wrote at the latest when their connection is closed.
            await using var catalogue = await CatalogStore.OpenAsync(DatabaseAddress.Parse(database), default);
            var syncs = new SyncStore(catalogue, new SyncThresholds());
            var began = Stopwatch.GetTimestamp();
            await BeginAsync(syncs, id);
            await Task.WhenAll(all.Select(async source => await MergeAsync(syncs, id, await source.ReadAsync(http, default))));
            await syncs.LinkPopularityAsync(default);
            await syncs.CrossCheckAsync(id, DateTimeOffset.UtcNow, default);
            var run = await syncs.EndAsync(id, null, DateTimeOffset.UtcNow, default);
            var took = Stopwatch.GetElapsedTime(began);
            return run.Health!.Status == SyncHealth.Healthy ? took : throw new InvalidOperationException(run.Health.Detail);
        }
    }

    // The longest list's rows merged into an empty catalogue, and copied, in turn: a busy moment of the machine meets both. The median counts.
    private static async Task<Ingest> IngestAsync(string server, string folder)
    {
        await using var lists = await ServeAsync(folder);
        using var http = new SourceHttp(new SourceLimits(), TimeProvider.System);
        var read = await Sources(new Uri(lists.Urls.Single()))[0].ReadAsync(http, default) with { Weights = [] };
        List<Ingest> rounds = [];
        for (var n = 0; n < IngestRounds; n++)
        {
            rounds.Add(await WithDatabaseAsync(server, async database =>
            {
                await using var catalogue = await CatalogStore.OpenAsync(DatabaseAddress.Parse(database), default);
                var syncs = new SyncStore(catalogue, new SyncThresholds());
                await BeginAsync(syncs, "ingest");
                var began = Stopwatch.GetTimestamp();
                await MergeAsync(syncs, "ingest", read);
                var merge = Stopwatch.GetElapsedTime(began);
                return new Ingest(
                    merge.TotalSeconds, (await CopyStoredAsync(database)).TotalSeconds, (await CopyListAsync(database, read.Listings)).TotalSeconds);
            }));
        }

        return new Ingest(Median(round => round.Merge), Median(round => round.CopyOfStored), Median(round => round.CopyOfLists));

        double Median(Func<Ingest, double> time) => rounds.Select(time).Order().ElementAt(IngestRounds / 2);
    }

    private static async Task BeginAsync(SyncStore syncs, string id) => await syncs.BeginAsync(
        new SyncBeginning(id, SyncKinds.Models, "benchmark", Force: false, DateTimeOffset.UtcNow), TimeSpan.FromHours(1), default);

    private static async Task MergeAsync(SyncStore syncs, string id, SourceSnapshot read)
    {
        var outcome = await syncs.MergeAsync(read, new MergeRequest(id, DateTimeOffset.UtcNow, "benchmark"), default);
        if (outcome.Status != SyncStatuses.Completed)
        {
            throw new InvalidOperationException($"{read.Source}: {string.Join(' ', outcome.Errors)}");
        }
    }

    private static async Task<T> WithDatabaseAsync<T>(string server, Func<string, Task<T>> use)
    {
        var name = $"sync_bench_{Guid.NewGuid():N}";
        await ExecuteAsync(server, $"CREATE DATABASE {name}");
        try
        {
            return await use(new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString);
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)");
        }
    }

    /// <summary>The sources of a model sync, on that server.</summary>
    internal static ISource[] Sources(Uri at) =>
    [
        new ModelsDev(new Uri(at, "/modelsdev")), new OpenRouter(new Uri(at, "/openrouter")), new HuggingFace(new Uri(at, "/popularity"), most: int.MaxValue),
        new ArtificialAnalysis(new Uri(at, "/analysis"), "key"),
    ];

    /// <summary>Serves the files of a folder, which are the lists.</summary>
    internal static async Task<WebApplication> ServeAsync(string folder)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(http =>
        {
            http.Response.ContentType = "application/json";
            return http.Response.SendFileAsync(Path.Combine(folder, http.Request.Path.Value!.TrimStart('/')));
        });
        await app.StartAsync();
        return app;
    }

    // What the merge stored, byte for byte into tables of the same columns and keys, without other indexes, references and checks.
    private static async Task<TimeSpan> CopyStoredAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        var took = TimeSpan.Zero;
        foreach (var (table, key) in new[] { ("model", "model_key"), ("offer_source", "source, provider_id, provider_model_id"), ("offer", "provider_id, provider_model_id") })
        {
            using var rows = new MemoryStream();
            await using (var stored = await connection.BeginRawBinaryCopyAsync($"COPY catalog.{table} TO STDOUT (FORMAT BINARY)"))
            {
                await stored.CopyToAsync(rows);
            }

            rows.Position = 0;
            await using var create = new NpgsqlCommand($"CREATE TABLE bare_{table} (LIKE catalog.{table}, PRIMARY KEY ({key}))", connection);
            await create.ExecuteNonQueryAsync();
            var began = Stopwatch.GetTimestamp();
            await using (var import = await connection.BeginRawBinaryCopyAsync($"COPY bare_{table} FROM STDIN (FORMAT BINARY)"))
            {
                await rows.CopyToAsync(import);
            }

            took += Stopwatch.GetElapsedTime(began);
        }

        return took;
    }

    // Of the same list only the raw rows with names and prices, into one table with a key.
    private static async Task<TimeSpan> CopyListAsync(string database, IReadOnlyList<Listing> rows)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand(
            "CREATE TABLE bare (provider text, id text, name text, family text, input numeric(20,10), output numeric(20,10), raw jsonb, hash text, PRIMARY KEY (provider, id))",
            connection);
        await create.ExecuteNonQueryAsync();
        var began = Stopwatch.GetTimestamp();
        await using (var import = await connection.BeginBinaryImportAsync("COPY bare FROM STDIN (FORMAT BINARY)"))
        {
            foreach (var row in rows)
            {
                await import.StartRowAsync();
                await import.WriteAsync(row.Id.Provider);
                await import.WriteAsync(row.Id.ModelId);
                await import.WriteAsync(row.Name);
                await import.WriteAsync(row.Family);
                await import.WriteAsync(row.Pricing.Input, NpgsqlTypes.NpgsqlDbType.Numeric);
                await import.WriteAsync(row.Pricing.Output, NpgsqlTypes.NpgsqlDbType.Numeric);
                await import.WriteAsync(row.Raw.Json, NpgsqlTypes.NpgsqlDbType.Jsonb);
                await import.WriteAsync(row.Raw.Hash);
            }

            await import.CompleteAsync();
        }

        return Stopwatch.GetElapsedTime(began);
    }

    /// <summary>Rows written so far, runs aside, once every other connection's server process has ended and told.</summary>
    private static async Task<long> WritesAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        const string Others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        while (await NumberAsync(connection, Others) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        return await NumberAsync(
            connection,
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables WHERE schemaname = 'catalog' AND relname NOT IN ('sync_run', 'sync_source_run')");
    }

    private static async Task<long> NumberAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    internal static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static void Print(Figures f, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(f, JsonSerializerOptions.Web));
            return;
        }

        Console.WriteLine($"""
            On {Environment.ProcessorCount} cores, lists and database on the same machine.

                                                            measured     required
            First model sync (s)                        {f.FirstSeconds,12:N2}     < 3
            Second, nothing changed (s)                 {f.SecondSeconds,12:N2}     < 1
              rows written                              {f.SecondRowWrites,12:N0}     0
            Featherless, {SyncLists.FeatherlessRows:N0} rows (s)              {f.FeatherlessSeconds,12:N2}     < 3
            Peak memory (MiB)                           {f.PeakMiB,12:N0}     < 200
            Rows merged a second                        {f.RowsPerSecond,12:N0}     >= half of a bare COPY
              of what a bare COPY of the stored rows does   {f.RowsPerSecond / f.LimitRowsPerSecond,8:P0}     >= 50 %
              and one of the raw rows and prices alone      {f.RowsPerSecond / f.RawRowsPerSecond,8:P0}
            {Times} times the rows take                      {f.TimesForTenTimesTheRows,12:N1} x   linear: about {Times}
            """);
    }

    private sealed record Ingest(double Merge, double CopyOfStored, double CopyOfLists);

    private sealed record Run(double First, double Second, long SecondWrites, double Featherless);

    private sealed record Figures(
        double FirstSeconds,
        double SecondSeconds,
        long SecondRowWrites,
        double FeatherlessSeconds,
        double PeakMiB,
        double RowsPerSecond,
        double LimitRowsPerSecond,
        double RawRowsPerSecond,
        double TimesForTenTimesTheRows);
}
