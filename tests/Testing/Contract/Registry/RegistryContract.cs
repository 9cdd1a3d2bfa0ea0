using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>What the contract suites share: a place, and two registries open on it, as two servers would have.</summary>
public abstract class RegistryContract : IAsyncLifetime
{
    protected RegistryPlace Place { get; private set; } = null!;

    protected OpenRegistry Registry { get; private set; } = null!;

    protected OpenRegistry Other { get; private set; } = null!;

    protected abstract RegistryPlace CreatePlace();

    public async ValueTask InitializeAsync()
    {
        Place = CreatePlace();
        Registry = await Place.OpenAsync();
        Other = await Place.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Other is not null)
        {
            await Other.DisposeAsync();
            await Registry.DisposeAsync();
        }

        await Place.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static DateTimeOffset At(int minute) => new(2026, 3, 1, 12, minute, 30, 123, TimeSpan.Zero);
}
