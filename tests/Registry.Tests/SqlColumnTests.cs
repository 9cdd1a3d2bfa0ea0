using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Testing.Contract;

namespace Sluice.Registry.Tests;

/// <summary>What people who read the tables with SQL find there. Derive once per database; add no tests there.</summary>
public abstract class SqlColumnTests : RegistryContract
{
    /// <summary>A start as the column has it.</summary>
    protected abstract (string Sql, string Text) StartedAt { get; }

    private SqlPlace Sql => (SqlPlace)Place;

    [Theory]
    [InlineData(DeploymentStatus.Pending, "pending")]
    [InlineData(DeploymentStatus.InProgress, "in_progress")]
    [InlineData(DeploymentStatus.Paused, "paused")]
    [InlineData(DeploymentStatus.Success, "success")]
    [InlineData(DeploymentStatus.RolledBack, "rolled_back")]
    [InlineData(DeploymentStatus.Aborted, "aborted")]
    [InlineData(DeploymentStatus.Superseded, "superseded")]
    [InlineData(DeploymentStatus.Rejected, "rejected")]
    [InlineData(DeploymentStatus.Failed, "failed")]
    public async Task Statuses_read_in_SQL_as_the_vocabulary_has_them(DeploymentStatus status, string text)
    {
        await Registry.Deployments.PutDeploymentAsync(Deployment(At(1)) with { Status = status }, default);

        Assert.Equal([text], await Sql.QueryAsync("SELECT status FROM deployments"));
    }

    [Fact]
    public async Task Times_are_stored_cut_to_milliseconds_and_as_points_in_time_whatever_their_offset()
    {
        await Registry.Deployments.PutDeploymentAsync(Deployment(At(1).ToOffset(TimeSpan.FromHours(2)).AddTicks(9_999)), default);

        Assert.Equal([StartedAt.Text], await Sql.QueryAsync($"SELECT {StartedAt.Sql} FROM deployments"));
    }

    private static Deployment Deployment(DateTimeOffset startedAt) =>
        new("a", "rollout-a", "api", "prod", "v1.0.0", "c0ffee", "demo-ci", startedAt, DeploymentStatus.Success);
}

public sealed class SqliteColumnTests : SqlColumnTests
{
    protected override (string Sql, string Text) StartedAt => ("started_at", At(1).ToUnixTimeMilliseconds().ToString());

    protected override RegistryPlace CreatePlace() => new SqlitePlace();
}

public sealed class PostgresColumnTests : SqlColumnTests
{
    protected override (string Sql, string Text) StartedAt => ("(started_at AT TIME ZONE 'UTC')::text", "2026-03-01 12:01:30.123");

    protected override RegistryPlace CreatePlace() => new PostgresPlace();
}
