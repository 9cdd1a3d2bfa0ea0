using System.Text.Json;
using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>What an upgrade would fail is known before it.</summary>
public sealed class ReplayCheckTests
{
    [Fact]
    public async Task A_sleeping_instance_is_replayed_against_other_code_while_its_engine_runs()
    {
        await using var engine = await VirtualEngine.StartAsync(Program("a"));
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { Version = "1.0" });
        var ended = await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0);
        await engine.Client.RaiseEventAsync(ended, "end", 1);
        await engine.RunAsync(ended);
        await engine.SettleAsync();

        var history = Assert.Single(StoredHistory.ReadFile(engine.Path));
        var same = new ReplayCheck(Program("a")).Check(history);
        var other = new ReplayCheck(Program("b")).Check(history);

        Assert.Equal((id, "main", "1.0", RuntimeStatus.Running, null), (same.InstanceId, same.Name, same.Version, same.Status, same.Fault));
        Assert.Contains("the history has a call of activity 'a' (#0), the code made a call of activity 'b' (#0) at ReplayCheckTests.cs:", other.Fault, StringComparison.Ordinal);
        Assert.Null((await engine.Client.GetInstanceAsync(id))!.Failure);
    }

    [Fact]
    public async Task What_was_exported_reads_as_what_was_stored_and_says_nothing_of_the_place_it_was_built_in()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks()
            .Activity<int, int>("bad", _ => throw new InvalidOperationException("outer", new TimeoutException("inner")))
            .Orchestrator<int, int>("main", (context, _) => context.CallActivityAsync<int>("bad", 0)));
        await engine.RunAsync(await engine.Client.ScheduleNewOrchestrationInstanceAsync("main", 0, new StartOptions { InstanceId = "a:b c" }));

        var stored = Assert.Single(StoredHistory.ReadFile(engine.Path, [RuntimeStatus.Failed]));
        var text = stored.Write();
        var read = StoredHistory.Parse(text);

        Assert.Equal((stored.InstanceId, stored.Name, stored.Version, stored.Status), (read.InstanceId, read.Name, read.Version, read.Status));
        Assert.Equal(stored.Events.Select(e => e.GetType()), read.Events.Select(e => e.GetType()));
        Assert.Equal(text, read.Write());
        Assert.Equal("a_3Ab_20c.json", read.FileName);
        Assert.DoesNotContain("ReplayCheckTests", text, StringComparison.Ordinal);
        Assert.Contains("inner", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("main", null)]
    [InlineData("other", "OrchestratorMissing")]
    public void One_that_has_not_begun_needs_its_orchestrator_only(string name, string? code)
    {
        var history = StoredHistory.Parse($$"""{"instanceId":"i","name":"{{name}}","status":"Pending","events":[]}""");

        Assert.Equal(code, new ReplayCheck(Program("a")).Check(history).Fault?.Split(':')[0]);
    }

    [Theory]
    [InlineData("CREATE TABLE t (x)", "StoreForeign")]
    [InlineData("PRAGMA application_id = 1397511493; CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (1000)", "StoreNewer")]
    public void A_file_of_somebody_else_is_refused(string sql, string code)
    {
        var folder = Directory.CreateTempSubdirectory("sluice-replay-");
        try
        {
            var file = Path.Combine(folder.FullName, "engine.db");
            using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
            {
                connection.Open();
                using var command = connection.CreateCommand();
                command.CommandText = sql;
                command.ExecuteNonQuery();
            }

            Assert.Equal(code, Assert.Throws<EngineStoreException>(() => StoredHistory.ReadFile(file).ToList()).Code);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("rollout~api", "rollout~api.json")]
    [InlineData("a:b", "a_3Ab.json")]
    [InlineData("a_3Ab", "a__3Ab.json")]
    public void A_file_is_named_after_its_instance_and_no_other(string id, string file) => Assert.Equal(file, Named(id).FileName);

    [Fact]
    public void A_long_id_still_gives_a_name_of_its_own()
    {
        var (one, other) = (Named(new string('é', 255) + "1").FileName, Named(new string('é', 255) + "2").FileName);

        Assert.NotEqual(one, other);
        Assert.InRange(one.Length, 1, 255);
    }

    [Fact]
    public void The_end_of_a_run_is_compared_as_well()
    {
        const string Text = """
            {"instanceId":"i","name":"main","status":"Completed","events":[
            {"type":"OrchestratorStarted","timestamp":"2027-01-01T00:00:00Z"},
            {"type":"ExecutionStarted","name":"main","input":"0","version":"","timestamp":"2027-01-01T00:00:00Z"},
            {"type":"ExecutionCompleted","result":"7","eventId":0,"timestamp":"2027-01-01T00:00:00Z"},
            {"type":"OrchestratorCompleted","timestamp":"2027-01-01T00:00:00Z"}
            ]}
            """;
        var history = StoredHistory.Parse(Text);

        Assert.Null(Check(_ => Task.FromResult(7)));
        Assert.Contains("the history has the end of the run with value = 7, the code made the end of the run with value = 8", Check(_ => Task.FromResult(8)), StringComparison.Ordinal);
        Assert.Contains("the history has the end of the run, the code made no call at this point", Check(c => c.WaitForExternalEvent<int>("x")), StringComparison.Ordinal);

        string? Check(Func<DurableContext, Task<int>> code) =>
            new ReplayCheck(new DurableTasks().Orchestrator<int, int>("main", (context, _) => code(context))).Check(history).Fault;
    }

    [Fact]
    public void What_is_no_exported_history_is_refused() => Assert.ThrowsAny<JsonException>(() => StoredHistory.Parse("""{"name":"x"}"""));

    private static StoredHistory Named(string id) => StoredHistory.Parse($$"""{"instanceId":"{{id}}","name":"main","events":[]}""");

    private static DurableTasks Program(string activity) => new DurableTasks()
        .Activity<int, int>("a", n => n)
        .Activity<int, int>("b", n => n)
        .Orchestrator<int, int>("main", async (context, _) =>
        {
            await context.CallActivityAsync<int>(activity, 0);
            return await context.WaitForExternalEvent<int>("end");
        });
}
