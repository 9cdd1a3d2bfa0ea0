using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.Store;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Finding instances: what matches, in pages that hold still, and never by looking at all of them.</summary>
public sealed class QueryTests(QueryTests.Million million) : IClassFixture<QueryTests.Million>
{
    private static readonly DateTimeOffset Epoch = DateTimeOffset.FromUnixTimeMilliseconds(Million.First);

    public static TheoryData<string> Questions => [.. Queries.Keys];

    // The instances of the file: see Million.
    private static Dictionary<string, EngineQuery> Queries { get; } = new()
    {
        ["all"] = new EngineQuery(),
        ["running"] = new EngineQuery { Statuses = [RuntimeStatus.Running] },
        ["suspended"] = new EngineQuery { Statuses = [RuntimeStatus.Suspended] },
        ["completed"] = new EngineQuery { Statuses = [RuntimeStatus.Completed] },
        ["failed or terminated"] = new EngineQuery { Statuses = [RuntimeStatus.Failed, RuntimeStatus.Terminated] },
        ["not completed"] = new EngineQuery { Statuses = [.. Enum.GetValues<RuntimeStatus>().Where(s => s != RuntimeStatus.Completed)] },
        ["created"] = new EngineQuery { CreatedFrom = Epoch.AddSeconds(500), CreatedTo = Epoch.AddSeconds(600) },
        ["created late"] = new EngineQuery { CreatedFrom = Epoch.AddSeconds(9_999) },
        ["named, common"] = new EngineQuery { Name = "ORDER" },
        ["named, rare"] = new EngineQuery { Name = "audit" },
        ["prefix, narrow"] = new EngineQuery { InstanceIdPrefix = "order-0012" },
        ["prefix, broad"] = new EngineQuery { InstanceIdPrefix = "order-" },
        ["prefix of none"] = new EngineQuery { InstanceIdPrefix = "zzz" },
        ["tagged"] = new EngineQuery { Tags = new Dictionary<string, string> { ["region"] = "west" } },
        ["tagged twice"] = new EngineQuery { Tags = new Dictionary<string, string> { ["region"] = "north", ["tier"] = "gold" } },
        ["running, named"] = new EngineQuery { Statuses = [RuntimeStatus.Running], Name = "order" },
        ["completed, named"] = new EngineQuery { Statuses = [RuntimeStatus.Completed], Name = "Audit" },
        ["completed, created"] = new EngineQuery { Statuses = [RuntimeStatus.Completed], CreatedFrom = Epoch.AddSeconds(7_000) },
        ["failed, prefix"] = new EngineQuery { Statuses = [RuntimeStatus.Failed], InstanceIdPrefix = "order-" },
        ["failed, tagged, created"] = new EngineQuery
        {
            Statuses = [RuntimeStatus.Failed],
            CreatedTo = Epoch.AddSeconds(9_000),
            Tags = new Dictionary<string, string> { ["region"] = "north" },
        },
    };

    [Theory]
    [MemberData(nameof(Questions))]
    public void A_million_instances_are_found_along_an_index(string question)
    {
        var query = Queries[question];
        var after = new Place(Million.First + 1_000_000, 100_000);
        foreach (var place in new Place?[] { null, after })
        {
            var sorted = 0;
            var steps = 0;
            var found = new InstanceSearch((sql, values) =>
            {
                var plan = million.Explain(sql, values);
                Assert.DoesNotContain(plan, line => line.StartsWith("SCAN", StringComparison.Ordinal) && !line.Contains("SUBQUERY", StringComparison.Ordinal));
                sorted += plan.Count(line => line.Contains("TEMP B-TREE", StringComparison.Ordinal));
                var (rows, work) = million.Run(sql, values);
                steps += work;
                return rows;
            }).Find(query, place, 101);

            // Only few are ever sorted, and what is walked has to do with what is shown, not with what there is.
            Assert.True(sorted == 0 || question.StartsWith("prefix", StringComparison.Ordinal) || question.Contains(", prefix", StringComparison.Ordinal), $"{question} sorts");
            Assert.Equal(million.Expected(query, place, 101), found.Select(p => p.Key));
            Assert.InRange(steps, 1, 500_000);
        }
    }

    [Fact]
    public async Task Pages_hold_still_while_instances_come_and_go()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks().Orchestrator<int, int>("echo", (_, n) => Task.FromResult(n)));
        for (var n = 0; n < 20; n++)
        {
            // The clock goes back half-way: the order is that of the times shown.
            engine.Clock.Jump(n == 10 ? TimeSpan.FromMinutes(-5) : TimeSpan.FromSeconds(1));
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("echo", n, new StartOptions { InstanceId = $"i{n:00}" });
        }

        await engine.SettleAsync();
        var seen = new List<string>();
        var page = await engine.Client.QueryAsync(new EngineQuery { PageSize = 7 });
        seen.AddRange(page.Instances.Select(i => i.InstanceId));
        await engine.Client.PurgeInstanceAsync("i16");
        await engine.Client.PurgeInstanceAsync("i00");
        engine.Clock.Jump(TimeSpan.FromHours(1));
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("echo", 1, new StartOptions { InstanceId = "late" });
        while (page.ContinuationToken is not null)
        {
            page = await engine.Client.QueryAsync(new EngineQuery { PageSize = 7, ContinuationToken = page.ContinuationToken });
            seen.AddRange(page.Instances.Select(i => i.InstanceId));
        }

        Assert.Equal(
            [.. Enumerable.Range(10, 10).Concat(Enumerable.Range(1, 9)).Select(n => $"i{n:00}"), "late"],
            seen);
    }

    [Fact]
    public async Task No_status_at_all_matches_nothing()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks().Orchestrator<int, int>("echo", (_, n) => Task.FromResult(n)));
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("echo", 1);

        Assert.Empty((await engine.Client.QueryAsync(new EngineQuery { Statuses = [] })).Instances);
    }

    /// <summary>A file with a million instances, one every 10 ms, made by SQL alone.</summary>
    public sealed class Million : IDisposable
    {
        public const long First = 1_798_761_600_000;

        // SQLITE_STMTSTATUS_VM_STEP
        private const int VirtualMachineSteps = 4;

        private readonly string _folder = Directory.CreateTempSubdirectory("sluice-million-").FullName;
        private readonly SqliteConnection _connection;

        public Million()
        {
            _connection = Schema.Open(new EngineOptions { Path = Path.Combine(_folder, "engine.db"), Synchronous = StoreSynchronous.Normal });
            Schema.Execute(
                _connection,
                $$"""
                BEGIN;
                WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
                INSERT INTO instances (key, id, name, version, status, execution, created, updated, ended, tags)
                SELECT i + 1,
                    CASE WHEN i % 10 = 0 THEN 'rollout-' ELSE 'order-' END || printf('%06d', i),
                    CASE WHEN i % 50000 = 7 THEN 'audit' WHEN i % 10 = 0 THEN 'Rollout' ELSE 'Order' END,
                    '',
                    s, 0, {{First}} + i * 10, {{First}} + i * 10 + 500, CASE WHEN s IN (1, 3, 5) THEN s END,
                    CASE WHEN i % 1000 = 5 THEN '{"region":"west"}' WHEN i % 4 = 0 THEN '{"region":"north","tier":"' || CASE WHEN i % 10000 = 0 THEN 'gold' ELSE 'silver' END || '"}' END
                FROM (SELECT i, CASE WHEN i % 100000 = 3 THEN 7 WHEN i % 20 = 3 THEN 0 WHEN i % 5000 = 4 THEN 3 WHEN i % 5000 = 8 THEN 5 ELSE 1 END AS s FROM n);
                INSERT INTO tags SELECT t.key, t.value, i.created, i.key FROM instances i, json_each(i.tags) t WHERE i.tags IS NOT NULL;
                COMMIT;
                """);
        }

        internal List<string> Explain(string sql, ReadOnlySpan<Value> values)
        {
            using var statement = new Statement(_connection, "EXPLAIN QUERY PLAN " + sql);
            return statement.Read(r => r.GetString(3), values);
        }

        /// <summary>Runs a query and counts what SQLite did for it, in steps of its machine.</summary>
        internal (List<Place> Rows, int Steps) Run(string sql, ReadOnlySpan<Value> values)
        {
            // Asked afterwards and not by a progress handler: the native side would call a delegate that nothing holds.
            Assert.Equal(SQLitePCL.raw.SQLITE_OK, SQLitePCL.raw.sqlite3_prepare_v2(_connection.Handle, sql, out var statement));
            using (statement)
            {
                for (var i = 0; i < values.Length; i++)
                {
                    values[i].Bind(statement, i + 1);
                }

                var rows = new List<Place>();
                while (SQLitePCL.raw.sqlite3_step(statement) == SQLitePCL.raw.SQLITE_ROW)
                {
                    rows.Add(new Place(SQLitePCL.raw.sqlite3_column_int64(statement, 0), SQLitePCL.raw.sqlite3_column_int64(statement, 1)));
                }

                return (rows, SQLitePCL.raw.sqlite3_stmt_status(statement, VirtualMachineSteps, 0));
            }
        }

        /// <summary>The keys that match, by looking at every instance.</summary>
        internal IEnumerable<long> Expected(EngineQuery query, Place? after, int count)
        {
            using var statement = new Statement(
                _connection,
                """
                SELECT key FROM instances i
                WHERE (created, key) > (?1, ?2) AND (?3 IS NULL OR substr(id, 1, length(?3)) = ?3) AND (?4 IS NULL OR instr(?4, ',' || status || ',') > 0)
                    AND (?5 IS NULL OR created >= ?5) AND (?6 IS NULL OR created <= ?6) AND (?7 IS NULL OR lower(name) = lower(?7))
                    AND (?8 IS NULL OR (SELECT count(*) FROM json_each(?8) w WHERE EXISTS (
                        SELECT 1 FROM json_each(i.tags) t WHERE t.key = w.key AND t.value = w.value)) = (SELECT count(*) FROM json_each(?8)))
                ORDER BY created, key LIMIT ?9
                """);
            return statement.Read(
                r => r.GetInt64(0),
                after?.Created ?? 0,
                after?.Key ?? 0,
                query.InstanceIdPrefix,
                query.Statuses is { } s ? $",{string.Join(',', s.Select(x => (int)x))}," : null,
                query.CreatedFrom?.ToUnixTimeMilliseconds(),
                query.CreatedTo?.ToUnixTimeMilliseconds(),
                query.Name,
                query.Tags is null ? null : System.Text.Json.JsonSerializer.Serialize(query.Tags),
                count);
        }

        public void Dispose()
        {
            _connection.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
