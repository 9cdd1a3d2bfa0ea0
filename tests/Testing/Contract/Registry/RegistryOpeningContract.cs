using Sluice.Registry;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>What opening promises of every store. Derive once per store; add no tests there.</summary>
public abstract class RegistryOpeningContract : IAsyncLifetime
{
    protected RegistryPlace Place { get; private set; } = null!;

    protected abstract RegistryPlace CreatePlace();

    public ValueTask InitializeAsync()
    {
        Place = CreatePlace();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await Place.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_written_is_there_after_opening_again()
    {
        await using (var first = await Place.OpenAsync())
        {
            await first.Coordination.AcquireLockAsync(new("api", "prod", "a", DateTimeOffset.UnixEpoch, true), default);
        }

        await using var again = await Place.OpenAsync();
        await again.PingAsync(default);
        Assert.Equal("a", (await again.Coordination.GetLockAsync("api", "prod", default))!.Owner);
        Assert.Equal([Place.CurrentSchema], await Place.SchemaVersionsAsync());
    }

    [Fact]
    public async Task Many_that_open_an_empty_place_at_once_make_one_schema()
    {
        var opened = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(Place.OpenAsync)));

        Assert.Equal([Place.CurrentSchema], await Place.SchemaVersionsAsync());
        foreach (var registry in opened)
        {
            await registry.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_schema_newer_than_the_program_is_refused_naming_both_numbers_and_left_alone()
    {
        await (await Place.OpenAsync()).DisposeAsync();
        await Place.SetSchemaVersionAsync(7);

        var refused = await Assert.ThrowsAsync<RegistryException>(Place.OpenAsync);

        Assert.StartsWith("RegistryNewer: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("version 7", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"up to {Place.CurrentSchema}", refused.Message, StringComparison.Ordinal);
        Assert.Equal([7], await Place.SchemaVersionsAsync());
    }
}
