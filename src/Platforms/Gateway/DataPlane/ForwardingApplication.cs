using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Platforms.Gateway;

/// <summary>What Kestrel runs for each request: no middleware, one exchange object per connection.</summary>
internal sealed class ForwardingApplication(Listener listener) : IHttpApplication<IFeatureCollection>
{
    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public Task ProcessRequestAsync(IFeatureCollection context)
    {
        context.GetRequiredFeature<IHttpResponseFeature>().StatusCode = listener.Routes.Draw(0) is null ? 503 : 502;
        return Task.CompletedTask;
    }

    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
    }
}
