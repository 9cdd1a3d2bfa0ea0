using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Platforms.Gateway;

/// <summary>What Kestrel runs for each request: no middleware, one exchange object per connection of a client.</summary>
internal sealed class ForwardingApplication(Listener listener) : IHttpApplication<Exchange>
{
    public Exchange CreateContext(IFeatureCollection contextFeatures)
    {
        if (contextFeatures is not IHostContextContainer<Exchange> connection)
        {
            return new Exchange(listener, contextFeatures);
        }

        return connection.HostContext ??= new Exchange(listener, contextFeatures);
    }

    public Task ProcessRequestAsync(Exchange context) => context.ProcessAsync();

    public void DisposeContext(Exchange context, Exception? exception)
    {
    }
}
